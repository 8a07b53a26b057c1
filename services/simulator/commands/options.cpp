#include "services/simulator/commands/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "common/base/nearest.h"

namespace mm::simulator {
namespace {

const OptionRule* find_rule(const OptionTable& table, std::string_view name) {
  for (const OptionRule& rule : table.rules) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

std::string unknown(const OptionTable& table, std::string_view name) {
  std::vector<std::string> known{"--help"};
  for (const OptionRule& rule : table.rules) known.emplace_back(rule.name);
  const auto near = nearest(std::string(name), known, 2);
  return "no option " + std::string(name) + (near ? "; did you mean " + *near + "?" : "");
}

template <class T>
Result<T, std::string> parse_between(std::string_view name, const std::string& text, T low, T high) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && value >= low && value <= high) return value;
  char limits[96];
  std::snprintf(limits, sizeof limits, "from %.6g to %.6g", static_cast<double>(low), static_cast<double>(high));
  return fail(std::string(name) + " takes a number " + limits + ", not " + text);
}

}  // namespace

Result<Options, std::string> Options::parse(const OptionTable& table, Words words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word.size() < 3 || word.substr(0, 2) != "--") {
      if (word == "-h") options.values_["--help"];
      else if (word.size() > 1 && word[0] == '-') return fail(unknown(table, word));
      else options.rest_.emplace_back(word);
      continue;
    }
    const auto equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const OptionRule* rule = find_rule(table, name);
    if (rule == nullptr && name != "--help") return fail(unknown(table, name));
    auto& values = options.values_[std::string(name)];
    if (rule == nullptr || rule->value.empty()) {
      if (equals != std::string_view::npos) return fail(std::string(name) + " takes no value");
    } else if (equals != std::string_view::npos) {
      values.emplace_back(word.substr(equals + 1));
    } else if (i + 1 < words.size()) {
      values.emplace_back(words[++i]);
    } else {
      return fail(std::string(name) + " takes a value: " + std::string(rule->value));
    }
  }
  return options;
}

std::string Options::text(std::string_view name, std::string_view otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() || found->second.empty() ? std::string(otherwise) : found->second.back();
}

std::vector<std::string> Options::list(std::string_view name) const {
  std::vector<std::string> all;
  const auto found = values_.find(name);
  if (found == values_.end()) return all;
  for (const std::string& value : found->second) {
    for (std::size_t begin = 0; begin <= value.size();) {
      const std::size_t end = std::min(value.find(',', begin), value.size());
      if (end > begin) all.push_back(value.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return all;
}

Result<std::int64_t, std::string> Options::whole(std::string_view name, std::int64_t otherwise, std::int64_t low,
                                                 std::int64_t high) const {
  return has(name) ? parse_between(name, text(name, ""), low, high) : otherwise;
}

Result<double, std::string> Options::number(std::string_view name, double otherwise, double low, double high) const {
  return has(name) ? parse_between(name, text(name, ""), low, high) : otherwise;
}

std::string usage_text(const OptionTable& table) {
  std::string text = "usage: mm-sim " + std::string(table.command) + " " + std::string(table.usage) + "\n";
  if (!table.rules.empty()) text += "\n";
  for (const OptionRule& rule : table.rules) {
    std::string left = "  " + std::string(rule.name);
    if (!rule.value.empty()) left += " " + std::string(rule.value);
    left.resize(std::max<std::size_t>(left.size() + 2, 28), ' ');
    text += left + std::string(rule.about) + "\n";
  }
  return text;
}

std::optional<Options> read_options(const OptionTable& table, Words words, int& status) {
  auto options = Options::parse(table, words);
  if (!options) {
    status = refuse(options.error());
    std::fputs(usage_text(table).c_str(), stderr);
    return std::nullopt;
  }
  if (options->has("--help")) {
    status = kExitFine;
    std::fputs(usage_text(table).c_str(), stdout);
    return std::nullopt;
  }
  return std::move(*options);
}

int refuse(const std::string& what, int status) {
  std::fprintf(stderr, "mm-sim: %s\n", what.c_str());
  return status;
}

}  // namespace mm::simulator
