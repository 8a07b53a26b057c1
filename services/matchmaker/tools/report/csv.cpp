#include "services/matchmaker/tools/report/csv.h"

#include <charconv>
#include <fstream>

namespace mm::matchmaker::tools {

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

Csv::Row score_columns() {
  Csv::Row row{"population", "policy"};
  for (const Figure& f : figures()) row.emplace_back(f.name);
  for (const char* name : {"matches", "faulty", "windows", "split", "sizes", "unknown", "region", "late",
                           "cpu_ms_per_tick", "longest_tick_ms"}) {
    row.emplace_back(name);
  }
  return row;
}

Csv::Row score_row(const std::string& population, const Score& score) {
  Csv::Row row{population, score.policy};
  for (const Figure& f : figures()) row.push_back(exact_text(score.summary.*f.member));
  const FaultCounts& faults = score.faults;
  for (const std::uint64_t count : {faults.matches, faults.faulty, faults.windows, faults.split, faults.sizes,
                                    faults.unknown, faults.region, faults.late}) {
    row.push_back(std::to_string(count));
  }
  row.push_back(exact_text(score.cpu_ms_per_tick));
  row.push_back(exact_text(score.longest_tick_ms));
  return row;
}

}  // namespace mm::matchmaker::tools
