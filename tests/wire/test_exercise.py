"""An exercise is never taken for real, and never silences what is real."""

import pytest

from alerts import Alert, Stream
from subscriber import digest


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


@pytest.fixture
def training(make_relay, tmp_path):
    """A relay with a training hub beside its spool, and how a file gets into the hub's folder."""
    folder = tmp_path / "training"
    folder.mkdir()
    hub = {"name": "training", "adapter": "file", "folder": folder, "class": "exercise", "rescan": "1s"}
    spool = {"name": "spool", "adapter": "file", "folder": tmp_path / "real", "spool": True, "rescan": "1s"}
    relay = make_relay(sources=[hub, spool])
    relay.spool = tmp_path / "real"
    relay.spool.mkdir()

    def give(name, xml):
        half = folder / f".{name}.tmp"
        half.write_bytes(xml)
        half.rename(folder / name)

    return relay.start(), give


def why(recorder, text):
    return recorder.asker.ask("why", text=text)[0]["result"]["rows"]


def pump_to(recorder, verdict, count):
    recorder.pump_until(lambda: recorder.beat and recorder.beat["counts"][verdict] == count, 15, f"{count} {verdict}")


def test_an_exercise_source_never_gives_an_actual_one(training, subscribe):
    relay, give = training
    exercise, actual = subscribe(relay, "exercise"), subscribe(relay, "actual")
    sent = Alert("training", side="ca")
    give("a.xml", sent.xml)
    exercise.pump_until(lambda: exercise.order, 15, "the rewritten alert")
    actual.pump(0.6)
    assert not actual.order
    assert actual.beat["counts"]["relayed"] == 0
    header = exercise.record[1]["header"]
    assert header["cap"]["status"] == "Exercise"
    assert header["origin"]["identifier"] == "training.xsource-training"
    assert header["origin"]["recording"] == {"digest": digest(sent.xml), "name": "a.xml"}
    assert all(t["topic"].startswith("exercise.") for t in header["topics"])
    for part in ("original", "derived"):
        assert b"Actual" not in exercise.record[1][part] and b"EXERCISE / EXERCICE" in exercise.record[1][part]
    row = why(exercise, "training")[0]
    assert row["class"] == "exercise" and row["verdict"] == "relayed"


def test_the_same_bytes_by_an_exercise_source_first_do_not_stop_the_actual_ones(training, subscribe):
    relay, give = training
    exercise, actual = subscribe(relay, "exercise"), subscribe(relay, "actual")
    sent = Alert("same", side="us")
    give("same.xml", sent.xml)
    exercise.pump_until(lambda: exercise.order, 15, "the exercise")
    relay.drop(sent)
    actual.pump_until(lambda: actual.order, 15, "the actual one")
    exercise.pump(0.6)
    assert exercise.order == [1] and actual.order == [1]
    assert actual.record[1]["original"] == sent.xml
    assert actual.record[1]["header"]["cap"]["status"] == "Actual"
    assert exercise.record[1]["header"]["cap"]["status"] == "Exercise"


def test_messages_of_an_exercise_source_refer_to_each_other(training, subscribe):
    relay, give = training
    exercise = subscribe(relay, "exercise")
    first = Alert("first", side="ca")
    update = Alert("update", side="ca", msg_type="Update", references=[first])
    cancel = Alert("cancel", side="ca", msg_type="Cancel", status="Exercise", references=[update])
    for number, sent in enumerate((first, update, cancel), 1):
        give(f"{number}.xml", sent.xml)
        exercise.pump_until(lambda: len(exercise.order) == number, 15, f"message {number}")
    for number in (2, 3):
        codes = [r["code"] for r in exercise.record[number]["header"]["remarks"]]
        assert "unknown-reference" not in codes and "foreign-reference" not in codes
    assert b"first.xsource-training," in exercise.record[2]["original"]
    assert exercise.asker.ask("in-force")[0]["count"] == 0


def test_the_same_file_twice_is_a_duplicate_after_a_restart_too(training, subscribe):
    relay, give = training
    exercise = subscribe(relay, "exercise")
    sent = Alert("twice", side="ca")
    give("one.xml", sent.xml)
    exercise.pump_until(lambda: exercise.order, 15, "the first")
    give("two.xml", sent.xml)
    pump_to(exercise, "duplicate", 1)
    relay.stop()
    relay.start()
    give("three.xml", sent.xml)
    exercise.pump_until(lambda: len(why(exercise, "twice")) == 3, 15, "the third")
    assert sorted(r["verdict"] for r in why(exercise, "twice")) == ["duplicate", "duplicate", "relayed"]
    assert exercise.order == [1]


def test_an_envelope_of_an_exercise_source_is_taken_apart(training, subscribe):
    relay, give = training
    exercise, actual = subscribe(relay, "exercise"), subscribe(relay, "actual")
    parts = [Alert("one", side="ca"), Alert("draft", side="ca", status="Draft"), Alert("two", side="us")]
    bodies = b"".join(p.xml.split(b"?>", 1)[1] for p in parts)
    give("feed.xml", b"<feed>" + bodies + b"</feed>")
    exercise.pump_until(lambda: len(exercise.order) == 2, 15, "both alerts")
    actual.pump(0.6)
    assert not actual.order
    assert [exercise.record[n]["header"]["origin"]["identifier"] for n in (1, 2)] == [
        "one.xsource-training", "two.xsource-training"]
    assert why(exercise, "draft")[0]["verdict"] == "not-published"


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
