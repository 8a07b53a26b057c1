// MATCHMAKER_API marks the symbols that the library exports; all other symbols are hidden. CMake defines
// MATCHMAKER_STATIC for users of the static library, which exports nothing, and MATCHMAKER_BUILDING while the shared
// library is compiled. MATCHMAKER_HIDDEN hides a class nested in an exported class, which otherwise has the visibility
// of the outer class.
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
