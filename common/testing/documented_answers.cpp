#include "common/testing/documented_answers.h"

#include <algorithm>
#include <regex>

#include "common/base/id.h"
#include "common/base/result.h"

namespace mm::testing {
namespace {

constexpr json::ReadLimits kLimits{limits::kMaxJsonDepth, 1'000'000};

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

std::string text_of(const json::Value& value, std::string_view key) {
  const auto found = value.find(key);
  return found && found->is(json::Kind::string) ? std::string(found->string()) : std::string{};
}

/// The value itself, or the value that its $ref points to ("#/components/responses/…").
json::Value resolved(const json::Value& document, const json::Value& value) {
  auto reference = text_of(value, "$ref");
  if (reference.empty()) return value;
  auto here = document;
  for (const auto& step : split(std::string_view(reference).substr(1))) {
    const auto found = here.find(step);
    check(found.has_value(), ("a reference to nothing: " + reference).c_str());
    here = *found;
  }
  return here;
}

}  // namespace

DocumentedAnswers::DocumentedAnswers(std::string_view openapi) {
  const auto parsed = json::Document::parse(openapi, kLimits);
  check(parsed.ok(), "the OpenAPI document is no JSON");
  const auto root = parsed->root();
  const auto paths = root.find("paths");
  check(paths.has_value(), "the OpenAPI document has no paths");
  paths->each_member([&](std::string_view path, const json::Value& methods) {
    methods.each_member([&](std::string_view method, const json::Value& operation) {
      std::string upper(method);
      std::transform(upper.begin(), upper.end(), upper.begin(),
                     [](char c) { return static_cast<char>(c - 'a' + 'A'); });
      read_operation(root, upper, path, operation);
    });
  });
}

void DocumentedAnswers::read_operation(const json::Value& document, std::string method, std::string_view path,
                                       const json::Value& from) {
  Operation operation{std::move(method), split(path), {}, {}};
  if (const auto parameters = from.find("parameters")) {
    parameters->each_element([&](const json::Value& entry) {
      const auto parameter = resolved(document, entry);
      if (text_of(parameter, "in") != "path") return;
      const auto schema = parameter.find("schema");
      operation.parameters["{" + text_of(parameter, "name") + "}"] = {text_of(*schema, "format") == "uuid",
                                                                      text_of(*schema, "pattern")};
    });
  }
  from.find("responses")->each_member([&](std::string_view status, const json::Value& entry) {
    auto& answer = operation.answers[std::stoi(std::string(status))];
    const auto content = resolved(document, entry).find("content");
    if (!content) return;
    content->each_member([&](std::string_view media, const json::Value& described) {
      answer.media.emplace(media);
      const auto examples = described.find("examples");
      if (!examples) return;
      examples->each_member([&](std::string_view code, const json::Value&) { answer.codes.emplace(code); });
    });
  });
  operations_.push_back(std::move(operation));
}

bool DocumentedAnswers::fits(const Operation& operation, const std::vector<std::string>& segments) {
  if (operation.segments.size() != segments.size()) return false;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto& expected = operation.segments[i];
    if (!is_parameter(expected)) {
      if (expected != segments[i]) return false;
      continue;
    }
    // If the segment does not match the format of the parameter, the path does not belong to this operation.
    const auto& parameter = operation.parameters.at(expected);
    if (segments[i].empty() || (parameter.is_uuid && !Uuid::parse(segments[i]))) return false;
    if (!parameter.pattern.empty() && !std::regex_search(segments[i], std::regex(parameter.pattern))) return false;
  }
  return true;
}

const DocumentedAnswers::Operation* DocumentedAnswers::find(std::string_view method, std::string_view target) const {
  const auto segments = split(target.substr(0, target.find('?')));
  const Operation* best = nullptr;
  std::ptrdiff_t fewest = 0;
  for (const auto& operation : operations_) {
    if (operation.method != (method == "HEAD" ? "GET" : method) || !fits(operation, segments)) continue;
    const auto parameters = std::count_if(operation.segments.begin(), operation.segments.end(), is_parameter);
    if (best != nullptr && parameters >= fewest) continue;
    best = &operation;
    fewest = parameters;
  }
  return best;
}

std::string DocumentedAnswers::objection(const Seen& seen) const {
  const auto* operation = seen.target.starts_with('/') ? find(seen.method, seen.target) : nullptr;
  if (operation == nullptr || seen.status == 0) return {};
  const auto where = seen.method + " " + seen.target + " answered " + std::to_string(seen.status);
  const auto found = operation->answers.find(seen.status);
  if (found == operation->answers.end()) return where + ", which the document does not list: " + seen.body;
  const auto& answer = found->second;
  if (seen.method == "HEAD") return {};
  if (seen.body.empty() != answer.media.empty())
    return where + (seen.body.empty() ? " without the body" : " with a body") + " against the document";
  const auto media = seen.content_type.substr(0, seen.content_type.find(';'));
  if (!seen.body.empty() && !answer.media.contains(media) && !answer.media.contains("*/*"))
    return where + " as " + media + ", which is not listed";
  if (answer.codes.empty()) return {};
  const auto problem = json::Document::parse(seen.body, kLimits);
  const auto code = problem ? text_of(problem->root(), "code") : std::string{};
  return answer.codes.contains(code) ? "" : where + " with the code " + code + ", which is not listed";
}

}  // namespace mm::testing
