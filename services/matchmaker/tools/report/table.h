// Tables of text, for terminals and for Markdown: columns as wide as they need be, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace mm::matchmaker::tools {

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::size_t text_columns = 1;  ///< the first so many stand to the left
};

std::string plain_text(const Table& table, const std::string& indent = "  ");
std::string markdown(const Table& table);

/// With so many digits after the point; "–" for what is no number.
std::string number_text(double value, int decimals);

}  // namespace mm::matchmaker::tools
