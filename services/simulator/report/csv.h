// Comma-separated values (RFC 4180).
#pragma once

#include <string>
#include <vector>

namespace mm::simulator {

class Csv {
 public:
  using Row = std::vector<std::string>;
  explicit Csv(Row header) { add(header); }
  void add(const Row& row);
  const std::string& text() const { return text_; }
  /// Returns false if the file cannot be written.
  bool write(const std::string& path) const;

 private:
  std::string text_;
};

/// The shortest text that parses to an equal value.
std::string exact_text(double value);

}  // namespace mm::simulator
