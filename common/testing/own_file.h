// A folder and a file of a test's own; they are deleted with the object.
#pragma once

#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/result.h"

namespace mm::testing {

class OwnFolder {
 public:
  OwnFolder() {
    char folder[] = "/tmp/mm_test_XXXXXX";
    check(::mkdtemp(folder) != nullptr, "no temporary folder");
    path_ = folder;
  }
  ~OwnFolder() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove_all(path_, ignored);
  }
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;

  const std::string& path() const { return path_; }
  /// The folder is not deleted with the object.
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

class OwnFile {
 public:
  explicit OwnFile(const std::string& text) { replace(text); }

  std::string path() const { return folder_.path() + "/file"; }

  /// Replaces the file atomically: a reader sees the old text or the new one.
  void replace(const std::string& text) const {
    const auto fresh = folder_.path() + "/fresh";
    std::ofstream(fresh) << text;
    check(std::rename(fresh.c_str(), path().c_str()) == 0, "the file is put in its place");
  }
  /// Overwrites the file in place: for a moment it has only the first part.
  void overwrite(const std::string& first, const std::string& rest) const {
    std::ofstream file(path(), std::ios::trunc);
    file << first << std::flush;
    file << rest;
  }
  void remove() const { std::remove(path().c_str()); }

 private:
  OwnFolder folder_;
};

}  // namespace mm::testing
