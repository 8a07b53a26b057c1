// A file of a test's own, in a folder of its own; both are gone with the object.
#pragma once

#include <stdlib.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "common/base/result.h"

namespace mm::testing {

class OwnFile {
 public:
  explicit OwnFile(const std::string& text) {
    char folder[] = "/tmp/mm_own_file_XXXXXX";
    check(::mkdtemp(folder) != nullptr, "no temporary folder");
    folder_ = folder;
    replace(text);
  }
  ~OwnFile() {
    remove();
    std::remove(folder_.c_str());
  }
  OwnFile(const OwnFile&) = delete;
  OwnFile& operator=(const OwnFile&) = delete;

  std::string path() const { return folder_ + "/file"; }

  /// All at once: a reader sees the old text or the new one.
  void replace(const std::string& text) const {
    const auto fresh = folder_ + "/fresh";
    std::ofstream(fresh) << text;
    check(std::rename(fresh.c_str(), path().c_str()) == 0, "the file is put in its place");
  }
  /// In place: for a moment only the first part is there.
  void overwrite(const std::string& first, const std::string& rest) const {
    std::ofstream file(path(), std::ios::trunc);
    file << first << std::flush;
    file << rest;
  }
  void remove() const { std::remove(path().c_str()); }

 private:
  std::string folder_;
};

}  // namespace mm::testing
