#include "tests/chaos/checker/report.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <string>
#include <tuple>

#include "common/wire/json.h"

namespace mm::chaos {
namespace {

/// Lines of dumps can have several kilobytes.
constexpr std::size_t kMaxShownBytes = 600;

std::string with_commas(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

struct ShownLine {
  std::int64_t us = kNever;  ///< lines of dumps have no time and come last
  Where at;
  std::string text;
};

std::int64_t time_in(const std::string& text) {
  const auto at = text.find("\"t\":");
  std::int64_t us = kNever;
  if (at == std::string::npos) return us;
  auto begin = at + 4;
  while (begin < text.size() && text[begin] == ' ') ++begin;
  std::from_chars(text.data() + begin, text.data() + text.size(), us);
  return us;
}

/// Reads the lines again. In time order, without repetitions.
std::vector<ShownLine> read_shown(const Run& run, std::vector<Where> places) {
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  std::vector<ShownLine> lines;
  for (const auto& at : places) {
    if (at.line == 0) continue;
    ShownLine shown{kNever, at, {}};
    std::ifstream file(run.folder + "/" + run.files[at.file], std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at.offset));
    std::getline(file, shown.text);
    if (run.files[at.file].starts_with("history/")) shown.us = time_in(shown.text);
    lines.push_back(std::move(shown));
  }
  std::sort(lines.begin(), lines.end(),
            [](const ShownLine& a, const ShownLine& b) { return std::tuple(a.us, a.at) < std::tuple(b.us, b.at); });
  return lines;
}

/// The place of a leaked secret is named, its line is not shown.
bool may_show(const Finding& finding) { return finding.invariant->id != "I34"; }

void print_violation(const Run& run, const Finding& finding, const Violation& violation, std::ostream& out) {
  out << "\n" << finding.invariant->id << " " << violation.sentence << "\n";
  for (const auto& line : read_shown(run, violation.lines)) {
    out << "  " << run.files[line.at.file] << ":" << line.at.line;
    if (may_show(finding)) out << ": " << line.text.substr(0, kMaxShownBytes);
    out << "\n";
  }
}

std::string_view status_of(const Finding& finding) {
  if (!finding.verdict.violations.empty()) return "violated";
  return finding.verdict.not_checked.empty() ? "ok" : "not checked";
}

void write_violation(const Run& run, const Finding& finding, const Violation& violation, json::Writer& writer) {
  writer.begin_object();
  writer.key("sentence");
  writer.string(violation.sentence);
  writer.key("lines");
  writer.begin_array();
  for (const auto& line : read_shown(run, violation.lines)) {
    writer.begin_object();
    writer.key("file");
    writer.string(run.files[line.at.file]);
    writer.key("line");
    writer.integer(line.at.line);
    if (may_show(finding)) {
      writer.key("text");
      writer.string(line.text);
    }
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
}

void write_finding(const Run& run, const Finding& finding, json::Writer& writer) {
  const auto& verdict = finding.verdict;
  writer.begin_object();
  writer.key("id");
  writer.string(finding.invariant->id);
  writer.key("promise");
  writer.string(finding.invariant->promise);
  writer.key("status");
  writer.string(status_of(finding));
  if (!verdict.not_checked.empty()) {
    writer.key("reason");
    writer.string(verdict.not_checked);
  }
  writer.key("checked");
  writer.integer(static_cast<std::int64_t>(verdict.checked));
  writer.key("things");
  writer.string(verdict.things);
  writer.key("violated");
  writer.integer(static_cast<std::int64_t>(verdict.violations.size()));
  writer.key("violations");
  writer.begin_array();
  for (std::size_t i = 0; i < std::min(kShown, verdict.violations.size()); ++i) {
    write_violation(run, finding, verdict.violations[i], writer);
  }
  writer.end_array();
  writer.end_object();
}

}  // namespace

std::vector<Finding> check_all(const Run& run) {
  std::vector<Finding> findings;
  for (const auto& invariant : invariants()) findings.push_back({&invariant, invariant.check(run)});
  return findings;
}

bool any_violated(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return !finding.verdict.violations.empty(); });
}

void print_text(const Run& run, const std::vector<Finding>& findings, std::ostream& out) {
  out << with_commas(run.lines) << " lines of history, " << with_commas(run.calls.size()) << " operations and facts, "
      << with_commas(run.events.size()) << " events";
  if (run.cut_lines > 0) out << ", " << run.cut_lines << " cut lines ignored";
  if (run.unknown_ops > 0) out << ", " << with_commas(run.unknown_ops) << " of unknown kinds not checked";
  if (run.malformed > 0) {
    out << ", " << with_commas(run.malformed) << " malformed answers, the first at "
        << run.files[run.first_malformed.file] << ":" << run.first_malformed.line;
  }
  out << "\n";
  for (const auto& finding : findings) {
    const auto& verdict = finding.verdict;
    out << finding.invariant->id << " ";
    if (!verdict.violations.empty()) {
      out << "VIOLATED " << with_commas(verdict.violations.size()) << "\n";
    } else if (!verdict.not_checked.empty()) {
      out << "not checked: " << verdict.not_checked << "\n";
    } else {
      out << "ok " << with_commas(verdict.checked) << " " << verdict.things << "\n";
    }
  }
  for (const auto& finding : findings) {
    const auto& violations = finding.verdict.violations;
    for (std::size_t i = 0; i < std::min(kShown, violations.size()); ++i) {
      print_violation(run, finding, violations[i], out);
    }
    if (violations.size() > kShown) {
      out << "\n" << finding.invariant->id << " " << with_commas(violations.size() - kShown) << " more.\n";
    }
  }
}

void print_json(const Run& run, const std::vector<Finding>& findings, std::ostream& out) {
  json::Writer writer;
  writer.begin_object();
  writer.key("violated");
  writer.boolean(any_violated(findings));
  writer.key("lines");
  writer.integer(static_cast<std::int64_t>(run.lines));
  writer.key("malformed_answers");
  writer.integer(static_cast<std::int64_t>(run.malformed));
  writer.key("invariants");
  writer.begin_array();
  for (const auto& finding : findings) write_finding(run, finding, writer);
  writer.end_array();
  writer.end_object();
  out << writer.take() << "\n";
}

}  // namespace mm::chaos
