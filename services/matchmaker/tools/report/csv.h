// Comma-separated values (RFC 4180), and the rows written for a tournament.
#pragma once

#include <string>
#include <vector>

#include "services/matchmaker/tools/contest.h"

namespace mm::matchmaker::tools {

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

Csv::Row score_columns();
Csv::Row score_row(const std::string& population, const Score& score);

}  // namespace mm::matchmaker::tools
