# mm_precompiled(TARGET standard|test): compiles the target with the precompiled headers of the standard library, for
# tests also of GoogleTest. All targets share two precompiled headers, so the flags that GCC compares (-std, -g, -fpic,
# _FILE_OFFSET_BITS) must be the same for all.
#
# A precompiled header hides a missing #include. The sanitizer presets compile without them, and `make lint` compares
# the names of the standard library that a file uses with the headers that it includes.
set(headers_standard
  <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <condition_variable> <cstdint> <cstdio> <cstdlib> <cstring>
  <deque> <filesystem> <fstream> <functional> <limits> <map> <memory> <mutex> <optional> <random> <set> <span> <sstream>
  <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>)
set(headers_test ${headers_standard} <gmock/gmock.h> <gtest/gtest.h>)

# The CMake package of toml++ defines _FILE_OFFSET_BITS only for its users. On 64-bit systems the macro changes nothing.
target_compile_definitions(mm_flags INTERFACE _FILE_OFFSET_BITS=64)
# ccache needs -fpch-preprocess to see which precompiled header a file uses. The warnings are off because GCC 12 warns of
# faults that do not exist in functions of std::string that come from a precompiled header.
if(MM_PRECOMPILED_HEADERS)
  target_compile_options(mm_flags INTERFACE
    "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess;-Wno-array-bounds;-Wno-stringop-overflow;-Wno-restrict>")
endif()

function(mm_precompiled name kind)
  if(NOT MM_PRECOMPILED_HEADERS)
    return()
  endif()
  if(NOT TARGET mm_headers_${kind})
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/headers_${kind}.cpp CONTENT "// Only its precompiled header is used.\n")
    add_library(mm_headers_${kind} OBJECT ${CMAKE_BINARY_DIR}/generated/headers_${kind}.cpp)
    target_link_libraries(mm_headers_${kind} PRIVATE mm_flags)
    if(kind STREQUAL "test")
      target_link_libraries(mm_headers_${kind} PRIVATE mm_dep::gtest)
      target_compile_options(mm_headers_${kind} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)  # as mm_test does
    endif()
    target_precompile_headers(mm_headers_${kind} PRIVATE ${headers_${kind}})
  endif()
  target_precompile_headers(${name} REUSE_FROM mm_headers_${kind})
endfunction()
