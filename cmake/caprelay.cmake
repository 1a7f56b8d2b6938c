# How every room is built: one static library each, and who may know whom.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
foreach(pair
    "XML2=libxml-2.0" "ZMQ=libzmq" "SODIUM=libsodium" "ZSTD=libzstd" "SQLITE=sqlite3" "YAML=yaml-0.1"
    "JANSSON=jansson" "RABBITMQ=librabbitmq" "STROPHE=libstrophe" "XMLSEC=xmlsec1-openssl" "CURL=libcurl" "MICROHTTPD=libmicrohttpd" "GNUTLS=gnutls" "CRYPTO=libcrypto" "SYSTEMD=libsystemd" "CMOCKA=cmocka")
  string(REPLACE "=" ";" pair "${pair}")
  list(GET pair 0 name)
  list(GET pair 1 module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
endforeach()
find_library(EV_LIBRARY ev REQUIRED)
find_library(GEOS_C_LIBRARY geos_c REQUIRED)

add_library(caprelay_flags INTERFACE)
target_compile_definitions(caprelay_flags INTERFACE _GNU_SOURCE CAPRELAY_VERSION="${PROJECT_VERSION}")
target_compile_options(caprelay_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion
  -Wno-sign-conversion -Wvla -Werror -fno-omit-frame-pointer -ffp-contract=off)
target_include_directories(caprelay_flags INTERFACE ${CMAKE_SOURCE_DIR}/relay ${CMAKE_SOURCE_DIR})
if(CAPRELAY_SANITIZE STREQUAL "address")
  set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(CAPRELAY_SANITIZE STREQUAL "thread")
  set(sanitize -fsanitize=thread)
elseif(NOT CAPRELAY_SANITIZE STREQUAL "")
  message(FATAL_ERROR "CAPRELAY_SANITIZE must be address, thread or empty, not '${CAPRELAY_SANITIZE}'")
endif()
target_compile_options(caprelay_flags INTERFACE ${sanitize})
# Without it libFuzzer sees no coverage and refuses to run.
if(CAPRELAY_FUZZ)
  target_compile_options(caprelay_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_link_options(caprelay_flags INTERFACE ${sanitize})

# caprelay_room(NAME KNOWS room... USES imported-library...): relay/NAME/*.c as the library caprelay_NAME.
function(caprelay_room name)
  cmake_parse_arguments(arg "" "" "KNOWS;USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.c)
  list(TRANSFORM arg_KNOWS PREPEND caprelay_)
  if(sources)
    add_library(caprelay_${name} STATIC ${sources})
    set_target_properties(caprelay_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(caprelay_${name} PUBLIC caprelay_flags ${arg_KNOWS} ${arg_USES})
  else()
    add_library(caprelay_${name} INTERFACE)
    target_link_libraries(caprelay_${name} INTERFACE caprelay_flags ${arg_KNOWS} ${arg_USES})
  endif()
endfunction()
