#include "tests/chaos/checker/input/read_run.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "common/wire/mode_table.h"
#include "tests/chaos/checker/input/dumps.h"
#include "tests/chaos/checker/input/history.h"
#include "tests/chaos/checker/input/secrets.h"

namespace mm::chaos {
namespace {

std::string whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::optional<ReadError> read_modes(Run& run) {
  const auto path = run.folder + "/modes.toml";
  if (!std::filesystem::exists(path)) {
    run.modes = wire::shipped_mode_table().all();
    return std::nullopt;
  }
  const auto table = wire::parse_mode_table(whole_file(path), "modes.toml");
  if (!table) return ReadError{table.error().problems.front()};
  run.modes = table->all();
  return std::nullopt;
}

void read_max_waits(const Object& waits) {
  for (auto& rules : waits.run().modes) {
    rules.max_wait_seconds = waits.real(rules.id.str(), rules.max_wait_seconds);
  }
}

void read_limits(const json::Value& value, const Object& settings) {
  if (!value.is(json::Kind::object)) return;  // "off"
  const Object limits(value, settings.line());
  auto& run = settings.run();
  run.limits_known = true;
  run.reads_per_minute = limits.integer("reads", 0);
  run.writes_per_minute = limits.integer("writes", 0);
}

void read_settings(const Object& settings) {
  auto& run = settings.run();
  run.max_servers = settings.integer("max_servers", 0);
  run.tick_ms = settings.integer("tick_ms", 100);
  if (const auto waits = settings.find("max_wait"); waits && waits->is(json::Kind::object)) {
    read_max_waits(Object(*waits, settings.line()));
  }
  if (const auto limits = settings.find("rate_limits")) read_limits(*limits, settings);
}

std::optional<ReadError> read_run_json(Run& run) {
  const auto text = whole_file(run.folder + "/run.json");
  if (text.empty()) return std::nullopt;
  const auto document = json::Document::parse(text);
  if (!document)
    return ReadError{"run.json:1: byte " + std::to_string(document.error().offset) + ": " + document.error().detail};
  std::optional<ReadError> error;
  Object::Line line{run, {add_file(run, "run.json"), 1, 0}, error};
  if (!document->root().is(json::Kind::object)) return ReadError{"run.json:1: must be an object"};
  const Object root(document->root(), line);
  const auto settings = root.find("settings");
  if (settings && settings->is(json::Kind::object)) read_settings(Object(*settings, line));
  return error;
}

/// The lines `name value` and `name{labels} value` of a metrics text; values of one name are added.
std::map<std::string, double> read_metrics(const std::string& text) {
  std::map<std::string, double> sums;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.rfind(' ');
    if (line.empty() || line[0] == '#' || space == std::string::npos) continue;
    double value = 0;
    const char* end = line.data() + line.size();
    if (std::from_chars(line.data() + space + 1, end, value).ec != std::errc{}) continue;
    sums[line.substr(0, std::min(space, line.find('{')))] += value;
  }
  return sums;
}

void read_all_metrics(Run& run) {
  std::error_code error;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(run.folder + "/metrics", error)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    const bool before = path.extension() == ".before";
    if (!before && path.extension() != ".after") continue;
    const auto daemon = path.stem().string();
    (before ? run.metrics_before : run.metrics_after)[daemon] = read_metrics(whole_file(path.string()));
    if (!before) run.metrics_at[daemon] = {add_file(run, "metrics/" + path.filename().string()), 1, 0};
  }
}

/// A line {"time", "event": "partition_taken", "tenant", "partition", "token"}. Anything may stand in a log, so a line
/// that cannot be read is skipped.
void read_log_line(Run& run, const std::string& text, Where at) {
  const auto document = json::Document::parse(text);
  if (!document || !document->root().is(json::Kind::object)) return;
  std::optional<ReadError> ignored;
  Object::Line line{run, at, ignored};
  const Object fields(document->root(), line);
  Takeover taken{at, fields.symbol("tenant"), fields.symbol("partition"), fields.symbol("token"), -1, -1};
  taken.wall_ms = fields.time_ms("time");
  const auto token = run.symbols.text(taken.token);
  if (std::from_chars(token.data(), token.data() + token.size(), taken.epoch).ec != std::errc{}) return;
  run.takeovers.push_back(taken);
}

void read_log(Run& run, const std::string& name) {
  std::ifstream file(run.folder + "/" + name, std::ios::binary);
  std::optional<std::uint32_t> index;
  Where at;
  for (std::string text; std::getline(file, text); at.offset += text.size() + 1) {
    ++at.line;
    if (text.find("\"partition_taken\"") == std::string::npos) continue;
    if (!index) index = add_file(run, name);
    at.file = *index;
    read_log_line(run, text, at);
  }
}

void read_logs(Run& run) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run.folder + "/logs", error)) {
    if (!entry.is_regular_file()) continue;
    names.push_back(std::filesystem::relative(entry.path(), run.folder).generic_string());
  }
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    run.tables.insert("logs");
    read_log(run, name);
  }
}

}  // namespace

Result<Run, ReadError> read_run(const std::string& folder) {
  Run run;
  run.folder = folder;
  for (const auto& read : {read_modes, read_run_json, read_history, read_tables, read_queue, read_streams}) {
    if (auto failed = read(run)) return fail(*std::move(failed));
  }
  read_all_metrics(run);
  read_logs(run);
  search_secrets(run);
  connect(run);
  return run;
}

}  // namespace mm::chaos
