#include "services/simulator/report/csv.h"

#include <charconv>
#include <fstream>

namespace mm::simulator {

void Csv::add(const Row& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) text_ += ',';
    if (row[i].find_first_of(",\"\r\n") == std::string::npos) {
      text_ += row[i];
      continue;
    }
    text_ += '"';
    for (const char c : row[i]) text_ += c == '"' ? std::string("\"\"") : std::string(1, c);
    text_ += '"';
  }
  text_ += "\r\n";
}

bool Csv::write(const std::string& path) const {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text_;
  return static_cast<bool>(file.flush());
}

std::string exact_text(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return error == std::errc() ? std::string(text, end) : "";
}

}  // namespace mm::simulator
