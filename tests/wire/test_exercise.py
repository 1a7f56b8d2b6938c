"""An exercise is never taken for real, and never silences what is real."""

from alerts import Alert, Stream


def test_the_exercise_first_does_not_stop_the_actual_one(relay, injector, subscribe):
    exercise, actual = subscribe(relay, "exercise"), subscribe(relay, "actual")
    drill = Alert("same", side="ca", status="Exercise")
    real = Alert("same", side="ca", status="Actual")
    real.xml = drill.xml.replace(b"<status>Exercise<", b"<status>Actual<")
    assert injector.inject(drill)["outcome"] == "accepted"
    receipt = injector.inject(real)
    assert receipt["outcome"] == "accepted" and receipt["class"] == "actual"
    exercise.pump_until(lambda: exercise.order, 15, "the exercise")
    actual.pump_until(lambda: actual.order, 15, "the actual one")
    assert exercise.order == [1] and actual.order == [1]
    one, other = exercise.record[1]["header"], actual.record[1]["header"]
    assert one["key"] == relay.keys.read("exercise")["id"] and other["key"] == relay.keys.read("actual")["id"]
    assert one["derived"]["identifier"] != other["derived"]["identifier"]
    assert all(t["topic"].startswith("exercise.") for t in one["topics"])


def test_an_exercise_cannot_cancel_what_is_real(relay, injector, subscribe):
    actual, exercise = subscribe(relay, "actual"), subscribe(relay, "exercise")
    real = Alert("real", side="ca")
    assert injector.inject(real)["outcome"] == "accepted"
    cancel = Alert("drill-cancel", side="ca", status="Exercise", msg_type="Cancel", references=[real])
    assert injector.inject(cancel)["outcome"] == "accepted"
    exercise.pump_until(lambda: exercise.order, 15, "the exercise's cancel")
    actual.pump_until(lambda: actual.order, 15, "the real one")
    answer = actual.asker.ask("in-force")
    assert answer[0]["count"] == 1
    codes = [r["code"] for r in exercise.record[1]["header"]["remarks"]]
    assert "unknown-reference" in codes


def test_test_status_is_an_exercise_and_draft_is_nothing(relay, injector, subscribe):
    exercise, actual = subscribe(relay, "exercise"), subscribe(relay, "actual")
    assert injector.inject(Alert("t", side="us", status="Test"))["class"] == "exercise"
    for status in ("Draft", "System"):
        receipt = injector.inject(Alert(status, side="us", status=status))
        assert receipt["outcome"] == "refused", receipt
    exercise.pump_until(lambda: exercise.order, 15, "the test")
    actual.pump(0.6)
    assert exercise.record[1]["header"]["cap"]["status"] == "Test"
    assert not actual.order


def test_an_exercise_source_never_gives_an_actual_one(make_relay, subscribe, tmp_path):
    folder = tmp_path / "training"
    folder.mkdir()
    source = {"name": "training", "adapter": "file", "folder": folder, "class": "exercise", "rescan": "1s"}
    relay = make_relay(sources=[source]).start()
    exercise, actual = subscribe(relay, "exercise"), subscribe(relay, "actual")
    half = folder / ".a.tmp"
    half.write_bytes(Alert("training", side="ca").xml)
    half.rename(folder / "a.xml")
    exercise.pump_until(lambda: exercise.beat and sum(exercise.beat["counts"].values()), 15, "the verdict")
    exercise.pump(0.6)
    actual.pump(0.6)
    assert not actual.order
    assert actual.beat["counts"]["relayed"] == 0
    # Rewritten as an exercise, or refused by name; never a bulletin that says Actual anywhere.
    for bulletin in exercise.record.values():
        assert bulletin["header"]["cap"]["status"] == "Exercise"
        assert b"Actual" not in bulletin["original"] and b"Actual" not in bulletin["derived"]
    rows = exercise.asker.ask("why", text="training")[0]["result"]["rows"]
    assert rows[0]["class"] == "exercise" and rows[0]["verdict"] in ("relayed", "refused")


def test_each_class_has_its_own_numbers(relay, subscribe):
    exercise, actual = subscribe(relay, "exercise"), subscribe(relay, "actual")
    drills, reals = Stream("drill", "Exercise"), Stream("real", "Actual")
    for _ in range(10):
        relay.drop(next(drills))
        relay.drop(next(reals))
    exercise.pump_until(lambda: len(exercise.order) == 10, 20, "the exercises")
    actual.pump_until(lambda: len(actual.order) == 10, 20, "the actual ones")
    assert exercise.order == actual.order == list(range(1, 11))
    assert exercise.record[10]["header"]["chain"] != actual.record[10]["header"]["chain"]
