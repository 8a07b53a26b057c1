// MATCHMAKER_API marks what the library exports; everything else is hidden. CMake defines MATCHMAKER_STATIC for users of
// the static library, where nothing needs to be exported, and MATCHMAKER_BUILDING while the library itself is compiled.
// MATCHMAKER_HIDDEN is for the inside of an exported class, which would be as visible as the class.
#pragma once

#if defined(MATCHMAKER_STATIC)
#define MATCHMAKER_API
#elif defined(_WIN32) && defined(MATCHMAKER_BUILDING)
#define MATCHMAKER_API __declspec(dllexport)
#elif defined(_WIN32)
#define MATCHMAKER_API __declspec(dllimport)
#else
#define MATCHMAKER_API __attribute__((visibility("default")))
#endif

#if defined(_WIN32)
#define MATCHMAKER_HIDDEN
#else
#define MATCHMAKER_HIDDEN __attribute__((visibility("hidden")))
#endif
