# Functions that define the targets of the project, with the same warnings, sanitizers and include paths for all:
#   mm_library(NAME SOURCES … DEPS …)            a static library
#   mm_program(NAME SOURCES … DEPS …)            an executable in <build>/bin
#   mm_test(NAME LABEL unit|contract|integration|simulation|e2e|chaos SOURCES … DEPS …)   one GoogleTest program, run by ctest
#   mm_benchmark(NAME SOURCES … DEPS …)          one Google Benchmark program
#   mm_embed_lua(TARGET HEADER path/to/scripts.h NAMESPACE mm::x SCRIPTS a.lua … [INCLUDES dir …])
add_library(mm_flags INTERFACE)
target_include_directories(mm_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(mm_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror>)
# GCC collects garbage only from 512 MB on, which saves about 10 % of the time. A file needs at most 1.2 GB.
target_compile_options(mm_flags INTERFACE "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:SHELL:--param ggc-min-heapsize=524288>")
# Without -DNDEBUG, so that assertions in third-party headers are checked; -g1 keeps the debug information small.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -Wl,--as-needed")

if(MM_SANITIZE STREQUAL "address")
  target_compile_options(mm_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(mm_flags INTERFACE -fsanitize=address,undefined)
elseif(MM_SANITIZE STREQUAL "thread")
  target_compile_options(mm_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
  target_link_options(mm_flags INTERFACE -fsanitize=thread)
elseif(MM_SANITIZE)
  message(FATAL_ERROR "MM_SANITIZE is '${MM_SANITIZE}'; it is address, thread or empty")
endif()

# ccache compares the sources of a precompiled header, not its time stamp, so a hit needs this sloppiness.
find_program(CCACHE ccache)
if(CCACHE)
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

include(PrecompiledHeaders)

# The programs that `make up` starts; with the demo and the tools they are all programs.
add_custom_target(mm_stack)
add_custom_target(mm_programs)
add_dependencies(mm_programs mm_stack)

function(mm_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC mm_flags ${arg_DEPS})
  mm_precompiled(${name} standard)
endfunction()

# mm_program(NAME [TOOL] SOURCES ... DEPS ...): `make up` starts it, unless it is a TOOL.
function(mm_program name)
  cmake_parse_arguments(arg "TOOL" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE mm_flags ${arg_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  mm_precompiled(${name} standard)
  if(arg_TOOL)
    add_dependencies(mm_programs ${name})
  else()
    add_dependencies(mm_stack ${name})
  endif()
endfunction()

function(mm_test name)
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT MM_BUILD_TESTS)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE mm_flags ${arg_DEPS} mm_dep::gtest mm_test_main)
  # The code under test is optimised as it ships; for the code of the tests that costs a fifth of its build time.
  target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  mm_precompiled(${name} test)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  # ctest's timeout applies only if watch-test fails to end the test.
  math(EXPR at_the_latest "${arg_TIMEOUT} + 60")
  add_test(NAME ${name} COMMAND ${CMAKE_SOURCE_DIR}/ops/watch-test ${arg_TIMEOUT} $<TARGET_FILE:${name}>
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABEL}" TIMEOUT ${at_the_latest}
    ENVIRONMENT "MM_TEST_SOURCE_DIR=${CMAKE_SOURCE_DIR};MM_TEST_BINARY_DIR=${CMAKE_BINARY_DIR}")
  add_dependencies(mm_tests_${arg_LABEL} ${name})
endfunction()

function(mm_benchmark name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT MM_BUILD_BENCHMARKS)
    return()
  endif()
  add_executable(${name} EXCLUDE_FROM_ALL ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE mm_flags ${arg_DEPS} mm_dep::benchmark)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/benchmarks)
  add_dependencies(mm_benchmarks ${name})
endfunction()

foreach(label unit contract integration simulation e2e chaos)
  add_custom_target(mm_tests_${label})
endforeach()
add_custom_target(mm_benchmarks)

# Writes HEADER (under <build>/generated) with one storage::Script per file, named after it: enqueue.lua -> kEnqueue.
# A line `--@include name.lua` in a script is replaced by that file, which is searched in INCLUDES.
function(mm_embed_lua target)
  cmake_parse_arguments(arg "" "HEADER;NAMESPACE" "SCRIPTS;INCLUDES" ${ARGN})
  set(output ${CMAKE_BINARY_DIR}/generated/${arg_HEADER})
  set(files "")
  foreach(script ${arg_SCRIPTS})
    cmake_path(ABSOLUTE_PATH script OUTPUT_VARIABLE path)
    list(APPEND files ${path})
  endforeach()
  set(include_files "")
  set(include_dirs "")
  foreach(dir ${arg_INCLUDES})
    cmake_path(ABSOLUTE_PATH dir OUTPUT_VARIABLE path)
    file(GLOB found CONFIGURE_DEPENDS ${path}/*.lua)
    list(APPEND include_files ${found})
    list(APPEND include_dirs ${path})
  endforeach()
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${output}" "-DNAMESPACE=${arg_NAMESPACE}" "-DSCRIPTS=${files}"
            "-DINCLUDES=${include_dirs}" -P ${CMAKE_SOURCE_DIR}/ops/cmake/EmbedLua.cmake
    DEPENDS ${files} ${include_files} ${CMAKE_SOURCE_DIR}/ops/cmake/EmbedLua.cmake VERBATIM)
  string(MAKE_C_IDENTIFIER ${arg_HEADER} generator)
  add_custom_target(${generator} DEPENDS ${output})
  add_dependencies(${target} ${generator})
endfunction()
