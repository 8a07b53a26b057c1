#include "services/simulator/report/table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace mm::simulator {
namespace {

/// Width in characters, not in bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::vector<std::size_t> widths_of(const Table& table) {
  std::vector<std::size_t> widths;
  const auto widen = [&](const std::vector<std::string>& row) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  };
  widen(table.header);
  for (const auto& row : table.rows) widen(row);
  return widths;
}

std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return left ? text + space : space + text;
}

std::string line_of(const std::vector<std::string>& row, const std::vector<std::size_t>& widths,
                    std::size_t text_columns, const std::string& between) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) line += between;
    line += padded(row[i], widths[i], i < text_columns);
  }
  return line;
}

}  // namespace

std::string plain_text(const Table& table, const std::string& indent) {
  const auto widths = widths_of(table);
  std::string text = indent + line_of(table.header, widths, table.text_columns, "  ") + "\n";
  for (const auto& row : table.rows) {
    std::string line = indent + line_of(row, widths, table.text_columns, "  ");
    while (!line.empty() && line.back() == ' ') line.pop_back();
    text += line + "\n";
  }
  return text;
}

std::string markdown(const Table& table) {
  const auto widths = widths_of(table);
  std::string text = "| " + line_of(table.header, widths, table.text_columns, " | ") + " |\n|";
  for (std::size_t i = 0; i < table.header.size(); ++i) text += i < table.text_columns ? "---|" : "--:|";
  text += "\n";
  for (const auto& row : table.rows) text += "| " + line_of(row, widths, table.text_columns, " | ") + " |\n";
  return text;
}

std::string number_text(double value, int decimals) {
  if (!std::isfinite(value)) return "–";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  // No minus sign before a number that rounds to 0.
  const bool nothing = text[0] == '-' && std::string(text).find_first_not_of("-0.") == std::string::npos;
  return nothing ? text + 1 : text;
}

}  // namespace mm::simulator
