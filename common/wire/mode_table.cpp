#include "common/wire/mode_table.h"

#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <type_traits>

#include "common/base/nearest.h"
#include "common/wire/codec.h"

namespace mm::wire {
namespace {

constexpr std::size_t kMaxModes = 64;
constexpr std::size_t kMaxBytes = 1024 * 1024;

/// Collects error messages, each with its place in the file.
class Problems {
 public:
  explicit Problems(const std::string& file_name) : file_name_(file_name) {}

  void add(const toml::source_region& where, const std::string& what) {
    const std::string place = std::to_string(where.begin.line) + ":" + std::to_string(where.begin.column);
    problems_.push_back(file_name_ + ":" + place + ": " + what);
  }
  /// Adds an error about the file as a whole.
  void add(const std::string& what) { problems_.push_back(file_name_ + ":1:1: " + what); }
  bool none() const { return problems_.empty(); }
  std::size_t count() const { return problems_.size(); }
  std::vector<std::string> take() { return std::move(problems_); }

 private:
  const std::string& file_name_;
  std::vector<std::string> problems_;
};

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

/// The visitor that is passed to describe(ModeRules): reads one TOML key per field.
class ModeReader {
 public:
  ModeReader(const toml::table& table, Problems& problems) : table_(table), problems_(problems) {}

  template <class T, class... Ls>
  void operator()(std::string_view name, T& member, const Ls&... ls) {
    known_.emplace_back(name);
    const toml::node* node = table_.get(name);
    if (node != nullptr) {
      read(name, *node, member, ls...);
    } else if (!detail::IsOptional<T>::value && !detail::kHas<fields::Optional, Ls...>) {
      problems_.add(table_.source(), std::string(name) + " is missing");
    }
  }

  void refuse_unknown() {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
      std::string problem = "unknown key " + name;
      if (const auto near = nearest(name, known_)) problem += "; did you mean " + *near + "?";
      problems_.add(key.source(), problem);
    }
  }

 private:
  template <class T, class... Ls>
  void read(std::string_view name, const toml::node& node, T& member, const Ls&... ls) {
    if constexpr (detail::IsOptional<T>::value) {
      read(name, node, member.emplace(), ls...);
    } else if constexpr (std::is_same_v<T, bool>) {
      take(name, node, node.value_exact<bool>(), member, "true or false");
    } else if constexpr (std::is_integral_v<T>) {
      if (within(name, node, ls...)) take(name, node, node.value_exact<std::int64_t>(), member, "an integer");
    } else if constexpr (std::is_floating_point_v<T>) {
      const auto number = node.is_number() ? node.value<double>() : std::nullopt;
      if (within(name, node, ls...)) take(name, node, number, member, "a number");
    } else if constexpr (std::is_enum_v<T>) {
      read_choice(name, node, member);
    } else if constexpr (requires { T::kPattern; }) {
      const auto text = node.value_exact<std::string>();
      take(name, node, text ? T::parse(*text) : std::nullopt, member,
           "a string that matches " + std::string(T::kPattern));
    } else {
      read_array(name, node, member, ls...);
    }
  }

  template <class T>
  void read_choice(std::string_view name, const toml::node& node, T& member) {
    std::string wanted = "one of";
    std::vector<std::string> choices;
    for (const auto& [value, text] : EnumText<T>::kAll) {
      choices.emplace_back(text);
      wanted += " \"" + choices.back() + "\"";
    }
    const auto text = node.value_exact<std::string>();
    const auto value = text ? enum_named<T>(*text) : std::nullopt;
    if (value) {
      member = *value;
    } else {
      refuse(name, node, wanted, text ? nearest(*text, choices) : std::nullopt);
    }
  }

  template <class T, class... Ls>
  void read_array(std::string_view name, const toml::node& node, T& member, const Ls&... ls) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return refuse(name, node, "an array");
    detail::Errors errors;
    if (!detail::check_count(errors, array->size(), detail::limit<fields::Count>(ls...))) {
      return problems_.add(node.source(), std::string(name) + " " + errors.take().front().detail);
    }
    member.clear();
    for (const toml::node& element : *array) read(name, element, member.emplace_back(), ls...);
  }

  // Checks a number against its range. Values that are not numbers are refused where the type is checked.
  template <class... Ls>
  bool within(std::string_view name, const toml::node& node, const Ls&... ls) {
    const auto number = node.is_number() ? node.value<double>() : std::nullopt;
    detail::Errors errors;
    if (!number || detail::check_number(errors, *number, detail::limit<fields::InRange>(ls...))) return true;
    problems_.add(node.source(), std::string(name) + " " + errors.take().front().detail);
    return false;
  }

  template <class V, class T>
  void take(std::string_view name, const toml::node& node, const std::optional<V>& value, T& member,
            std::string_view wanted) {
    if (!value) return refuse(name, node, wanted);
    member = static_cast<T>(*value);
  }

  void refuse(std::string_view name, const toml::node& node, std::string_view wanted,
              const std::optional<std::string>& meant = std::nullopt) {
    std::string problem = std::string(name) + " must be " + std::string(wanted);
    if (kind_of(node) != wanted) problem += ", not " + std::string(kind_of(node));
    if (const auto text = node.value_exact<std::string>()) problem += " \"" + *text + "\"";
    if (meant) problem += "; did you mean \"" + *meant + "\"?";
    problems_.add(node.source(), problem);
  }

  const toml::table& table_;
  Problems& problems_;
  std::vector<std::string> known_;
};

/// Checks that the field list cannot express: how fields must fit each other, and which values are not supported yet.
class ModeCheck {
 public:
  ModeCheck(const toml::table& table, const ModeRules& rules, Problems& problems)
      : table_(table), rules_(rules), problems_(problems) {}

  void run() {
    if (rules_.default_team_size && !rules_.has_team_size(*rules_.default_team_size)) {
      note("default_team_size", "must be one of team_sizes");
    }
    if (std::set<int>(rules_.team_sizes.begin(), rules_.team_sizes.end()).size() < rules_.team_sizes.size()) {
      note("team_sizes", "contains a size twice");
    }
    if (rules_.max_window < rules_.initial_window) {
      if (table_.contains("max_window")) note("max_window", "is less than initial_window");
      else note("initial_window", "is more than max_window, which is 500 unless it is set");
    }
    const bool must_grow = rules_.max_window > rules_.initial_window;
    if (rules_.widen == Widening::steps && must_grow && rules_.step_points <= 0) {
      note("step_points", "is 0, so the window never reaches max_window");
    }
    if (rules_.margin_stat && !rules_.rated) note("margin_stat", "requires a rated mode");
    if (table_.contains("margin_weight") && !rules_.margin_stat) note("margin_weight", "needs margin_stat");
    if (rules_.loading_seconds > 0) note("loading_seconds", "above 0 is not supported yet");
    if (rules_.no_show_seconds > 0) note("no_show_seconds", "above 0 is not supported yet");
  }

 private:
  void note(std::string_view name, const std::string& what) {
    const toml::node* node = table_.get(name);
    problems_.add(node != nullptr ? node->source() : table_.source(), std::string(name) + " " + what);
  }

  const toml::table& table_;
  const ModeRules& rules_;
  Problems& problems_;
};

Place place_of(const toml::node& node) { return {node.source().begin.line, node.source().begin.column}; }

LocatedMode read_mode(const toml::table& table, Problems& all) {
  LocatedMode mode{{}, place_of(table), {}};
  for (const auto& [key, node] : table) mode.keys.emplace(key.str(), place_of(node));
  ModeRules& rules = mode.rules;
  ModeReader reader(table, all);
  const std::size_t before = all.count();
  describe(reader, rules);
  reader.refuse_unknown();
  if (all.count() == before) ModeCheck(table, rules, all).run();
  return mode;
}

std::vector<LocatedMode> read_modes(const toml::array& array, Problems& problems) {
  std::vector<LocatedMode> modes;
  std::set<Mode> ids;
  if (array.size() > kMaxModes) problems.add(array.source(), "more than " + std::to_string(kMaxModes) + " modes");
  for (const toml::node& node : array) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      problems.add(node.source(), "mode must be [[mode]] tables");
      continue;
    }
    modes.push_back(read_mode(*table, problems));
    const Mode& id = modes.back().rules.id;
    if (id.empty() || ids.insert(id).second) continue;
    problems.add(table->get("id")->source(), "the mode " + id.str() + " is defined twice");
  }
  return modes;
}

void refuse_other_keys(const toml::table& root, Problems& problems) {
  for (const auto& [key, node] : root) {
    if (key.str() == "mode") continue;
    std::string problem = "unknown key " + std::string(key.str());
    if (nearest(key.str(), {"mode"})) problem += "; did you mean mode?";
    problems.add(key.source(), problem);
  }
}

std::vector<LocatedMode> read_root(const toml::table& root, Problems& problems) {
  refuse_other_keys(root, problems);
  const toml::node* modes = root.get("mode");
  if (modes == nullptr) {
    problems.add("has no [[mode]]");
    return {};
  }
  const toml::array* array = modes->as_array();
  if (array == nullptr || array->empty()) {
    problems.add(modes->source(), array == nullptr ? "mode must be [[mode]] tables" : "has no [[mode]]");
    return {};
  }
  return read_modes(*array, problems);
}

constexpr std::string_view kShipped =
#include "shipped_modes.inc"
    ;

}  // namespace

Result<std::vector<LocatedMode>, ModeTableError> parse_located_modes(std::string_view toml,
                                                                     const std::string& file_name) {
  Problems problems(file_name);
  if (toml.size() > kMaxBytes) return fail(ModeTableError{{file_name + ": larger than 1 MiB"}});
  std::vector<LocatedMode> modes;
  try {
    const toml::table root = toml::parse(toml, std::string_view(file_name));
    modes = read_root(root, problems);
  } catch (const toml::parse_error& error) {
    problems.add(error.source(), std::string(error.description()));
  }
  if (!problems.none()) return fail(ModeTableError{problems.take()});
  return modes;
}

Result<ModeTable, ModeTableError> parse_mode_table(std::string_view toml, const std::string& file_name) {
  auto located = parse_located_modes(toml, file_name);
  if (!located) return fail(std::move(located).error());
  std::vector<ModeRules> modes;
  for (LocatedMode& mode : *located) modes.push_back(std::move(mode.rules));
  return ModeTable(std::move(modes));
}

Result<ModeTable, ModeTableError> load_mode_table(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) return fail(ModeTableError{{path + ": cannot be read, or is empty"}});
  return parse_mode_table(text.str(), path);
}

const ModeTable& shipped_mode_table() {
  static const ModeTable table = [] {
    auto parsed = parse_mode_table(kShipped, "deployments/modes.toml");
    check(parsed.ok(), "the shipped mode table is valid");
    return std::move(*parsed);
  }();
  return table;
}

}  // namespace mm::wire
