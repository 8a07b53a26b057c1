// Text tables for terminals and Markdown: columns as wide as necessary, numbers aligned to the right.
#pragma once

#include <string>
#include <vector>

namespace mm::simulator {

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::size_t text_columns = 1;  ///< this many first columns are aligned to the left
};

std::string plain_text(const Table& table, const std::string& indent = "  ");
std::string markdown(const Table& table);

/// `decimals` digits after the point; "–" for values that are not finite.
std::string number_text(double value, int decimals);

}  // namespace mm::simulator
