#include "tests/unit/chaos_checker/run_folder.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/wire/json.h"
#include "common/wire/time_text.h"
#include "tests/chaos/checker/command.h"

namespace mm::chaos {

void Json::key(std::string_view key) {
  if (!members_.empty()) members_ += ',';
  members_.append("\"").append(key).append("\":");
}

Json& Json::text(std::string_view name, std::string_view value) {
  json::Writer writer;
  writer.string(value);
  key(name);
  members_ += writer.take();
  return *this;
}

Json& Json::number(std::string_view name, std::int64_t value) {
  key(name);
  members_ += std::to_string(value);
  return *this;
}

Json& Json::real(std::string_view name, double value) {
  json::Writer writer;
  writer.real(value);
  key(name);
  members_ += writer.take();
  return *this;
}

Json& Json::flag(std::string_view name, bool value) {
  key(name);
  members_ += value ? "true" : "false";
  return *this;
}

Json& Json::raw(std::string_view name, std::string_view json) {
  key(name);
  members_ += json;
  return *this;
}

Json& Json::texts(std::string_view name, const std::vector<std::string>& values) {
  std::vector<std::string> quoted;
  for (const auto& value : values) quoted.push_back("\"" + value + "\"");
  return raw(name, array_of(quoted));
}

Json& Json::also(const Json& other) {
  if (!members_.empty() && !other.members_.empty()) members_ += ',';
  members_ += other.members_;
  return *this;
}

std::string array_of(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const auto& value : values) {
    if (text.size() > 1) text += ',';
    text += value;
  }
  return text + "]";
}

std::string time_text(std::int64_t wall_ms) { return wire::format_time(TimePoint(Milliseconds(wall_ms))); }

void RunFiles::key(const std::string& key, const std::string& type, const std::string& value) {
  add("dump/redis_queue.jsonl", Json().text("key", "mm:{default}:" + key).text("type", type).raw("value", value));
}

void RunFiles::message(const std::string& stream, std::int64_t sequence, std::int64_t at_ms, const std::string& subject,
                       const std::string& message_id, const std::string& body) {
  add("dump/jetstream/" + stream + ".jsonl", Json()
                                                 .number("seq", sequence)
                                                 .text("subject", subject)
                                                 .text("msg_id", message_id)
                                                 .text("time", time_text(kEpochMs + at_ms))
                                                 .raw("body", body));
}

void RunFiles::line(const std::string& writer, std::int64_t number, std::string_view op, std::string_view phase,
                    std::int64_t at_ms, const Json& fields) {
  add("history/" + writer + ".jsonl", Json()
                                          .number("t", at_ms * 1000)
                                          .number("w", kEpochMs + at_ms)
                                          .text("n", writer)
                                          .number("i", number)
                                          .text("op", op)
                                          .text("ph", phase)
                                          .also(fields));
}

void RunFiles::call(const std::string& writer, std::string_view op, std::int64_t from_ms, std::int64_t to_ms,
                    std::string_view phase, const Json& asked, const Json& answered) {
  const auto number = ++number_;
  line(writer, number, op, "invoke", from_ms, asked);
  line(writer, number, op, phase, to_ms, answered);
}

void RunFiles::lost(const std::string& writer, std::string_view op, std::int64_t at_ms, const Json& asked) {
  line(writer, ++number_, op, "invoke", at_ms, asked);
}

void RunFiles::fact(const std::string& writer, std::string_view op, std::int64_t at_ms, const Json& fields) {
  line(writer, ++number_, op, "ok", at_ms, fields);
}

void RunFiles::write(const std::string& folder, const std::set<std::string>& cut) const {
  for (const auto& [name, lines] : files) {
    const std::filesystem::path path = folder + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    for (const auto& line : lines) file << line << "\n";
    file.close();
    if (!cut.contains(name) || lines.empty()) continue;
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1 - lines.back().size() / 2);
  }
}

Checked check(const RunFiles& files, const std::set<std::string>& cut) {
  const testing::OwnFolder folder;
  files.write(folder.path(), cut);
  return check_folder(folder.path());
}

Checked check_folder(const std::string& folder) {
  std::ostringstream out;
  std::ostringstream errors;
  Checked checked;
  checked.status = check_command({folder}, out, errors);
  checked.text = out.str();
  checked.errors = errors.str();
  std::istringstream lines(checked.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" VIOLATED ") == 3) checked.violated.insert(line.substr(0, 3));
  }
  return checked;
}

}  // namespace mm::chaos
