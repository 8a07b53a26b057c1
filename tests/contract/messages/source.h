// Finds and reads files of the repository, for the tests of this folder.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace mm::golden {

inline std::string source_folder() {
  const char* folder = std::getenv("MM_TEST_SOURCE_DIR");
  return folder == nullptr ? "." : folder;
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace mm::golden
