#include "services/simulator/crowd/population_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <type_traits>

#include "common/base/nearest.h"

namespace mm::simulator {
namespace {

struct Shipped {
  std::string_view name;
  std::string_view toml;
};

// Generated from populations/*.toml: a table of {name, text}, so that the program needs no files at run time.
constexpr Shipped kShipped[] = {
#include "shipped_populations.inc"
};

class Reader {
 public:
  Reader(const toml::table& table, const std::string& file_name, FileProblems& problems)
      : table_(table), file_name_(file_name), problems_(problems) {}

  void operator()(const char* name, std::string& member) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    const auto text = node->value_exact<std::string>();
    if (text) member = *text;
    else add(*node, std::string(name) + " must be a string");
  }

  void operator()(const char* name, Region& member) {
    const toml::node* node = find(name);
    const auto text = node == nullptr ? std::nullopt : node->value_exact<std::string>();
    const auto region = text ? Region::parse(*text) : std::nullopt;
    if (region) member = *region;
    else
      add(node == nullptr ? static_cast<const toml::node&>(table_) : *node,
          std::string(name) + " must be a region such as \"eu-west\"");
  }

  template <class T>
  requires std::is_arithmetic_v<T>
  void operator()(const char* name, T& member, double low, double high) {
    if (const toml::node* node = find(name)) read_number(name, *node, member, low, high);
  }

  void operator()(const char* name, std::vector<double>& member, double low, double high) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) return add(*node, std::string(name) + " must be an array of numbers");
    member.clear();
    for (const toml::node& element : *array) read_number(name, element, member.emplace_back(), low, high);
  }

  /// Reads an array of [[name]] tables.
  template <class T>
  requires std::is_class_v<T>
  void operator()(const char* name, std::vector<T>& member) {
    const toml::node* node = find(name);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    const bool fine = array != nullptr && !array->empty() && array->is_homogeneous(toml::node_type::table);
    if (!fine) return add(*node, std::string(name) + " must be [[" + name + "]] tables");
    member.clear();
    for (const toml::node& element : *array) {
      Reader reader(*element.as_table(), file_name_, problems_);
      describe(reader, member.emplace_back());
      reader.refuse_unknown();
    }
  }

  void refuse_unknown() {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
      const auto near = nearest(name, known_);
      add(node, "unknown key " + name + (near ? "; did you mean " + *near + "?" : ""));
    }
  }

  void add(const toml::node& where, const std::string& what) {
    const auto begin = where.source().begin;
    problems_.push_back(file_name_ + ":" + std::to_string(begin.line) + ":" + std::to_string(begin.column) + ": " +
                        what);
  }

 private:
  const toml::node* find(const char* name) {
    known_.emplace_back(name);
    return table_.get(name);
  }

  template <class T>
  void read_number(const char* name, const toml::node& node, T& member, double low, double high) {
    const auto number = node.is_number() ? node.value<double>() : std::nullopt;
    const bool whole = !std::is_integral_v<T> || node.is_integer();
    if (number && whole && *number >= low && *number <= high) {
      member = static_cast<T>(*number);
      return;
    }
    std::ostringstream what;
    what << name << " must be " << (std::is_integral_v<T> ? "a whole number" : "a number") << " from " << low << " to "
         << high;
    add(node, what.str());
  }

  const toml::table& table_;
  const std::string& file_name_;
  FileProblems& problems_;
  std::vector<std::string> known_;
};

double sum_of_shares(const auto& parts) {
  double sum = 0;
  for (const auto& part : parts) sum += part.share;
  return sum;
}

/// Checks that involve several fields.
void check_whole(const Population& population, const toml::table& root, Reader& reader) {
  const auto refuse = [&](const std::string& what) { reader.add(root, what); };
  if (!population.activity.empty() && population.activity.size() != 24) refuse("activity must have 24 numbers");
  const auto busiest = std::max_element(population.activity.begin(), population.activity.end());
  if (!population.activity.empty() && *busiest <= 0) refuse("activity must not be 0 all day");
  if (sum_of_shares(population.ratings) <= 0) refuse("the shares of [[rating]] must not all be 0");
  if (sum_of_shares(population.parties) <= 0) refuse("the shares of [[party]] must not all be 0");
  if (!population.regions.empty() && sum_of_shares(population.regions) <= 0) {
    refuse("the shares of [[region]] must not all be 0");
  }
  if (population.highest_rating < population.lowest_rating) refuse("highest_rating is less than lowest_rating");
  const bool fits = std::any_of(population.parties.begin(), population.parties.end(), [&](const PartyShare& party) {
    return party.share > 0 && party.size <= population.team_size;
  });
  if (!fits) refuse("no [[party]] fits into a team of " + std::to_string(population.team_size));
}

}  // namespace

Result<Population, FileProblems> parse_population(std::string_view toml, const std::string& name,
                                                  const std::string& file_name) {
  FileProblems problems;
  Population population;
  try {
    const toml::table root = toml::parse(toml, std::string_view(file_name));
    Reader reader(root, file_name, problems);
    describe(reader, population);
    reader.refuse_unknown();
    if (problems.empty()) check_whole(population, root, reader);
  } catch (const toml::parse_error& error) {
    const auto begin = error.source().begin;
    problems.push_back(file_name + ":" + std::to_string(begin.line) + ":" + std::to_string(begin.column) + ": " +
                       std::string(error.description()));
  }
  if (!problems.empty()) return fail(std::move(problems));
  population.name = name;
  return population;
}

Result<Population, FileProblems> load_population(const std::string& path_or_name) {
  for (const Shipped& shipped : kShipped) {
    if (shipped.name == path_or_name) return parse_population(shipped.toml, path_or_name, path_or_name + ".toml");
  }
  std::ifstream file(path_or_name, std::ios::binary);
  std::stringstream text;
  if (file && (text << file.rdbuf())) {
    return parse_population(text.str(), std::filesystem::path(path_or_name).stem().string(), path_or_name);
  }
  const auto near = nearest(path_or_name, shipped_populations());
  return fail(FileProblems{path_or_name + ": no such file, and no population is shipped under this name" +
                           (near ? "; did you mean " + *near + "?" : "")});
}

std::vector<std::string> shipped_populations() {
  std::vector<std::pair<int, std::string>> found;
  for (const Shipped& shipped : kShipped) {
    const auto population = parse_population(shipped.toml, std::string(shipped.name), std::string(shipped.name));
    found.emplace_back(population.ok() ? population->players : 0, shipped.name);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (auto& [players, name] : found) names.push_back(std::move(name));
  return names;
}

}  // namespace mm::simulator
