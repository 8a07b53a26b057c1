#include "common/wire/problem_json.h"

#include "common/wire/codec.h"

namespace mm::wire {
namespace {

// A problem as it is written on the wire. `type`, `title` and `status` follow from `code`.
struct ProblemObject {
  std::string type;
  std::string title;
  int status = 500;
  std::string detail;
  std::string code;
  std::string trace_id;
  std::vector<FieldError> errors;
  std::optional<int> retry_after_seconds;
  std::optional<TicketId> ticket_id;
  std::optional<PlayerId> player_id;
};

template <class F>
void describe(F& f, ProblemObject& m) {
  using namespace fields;
  f("type", m.type, Optional{});
  f("title", m.title, Optional{});
  f("status", m.status, Optional{});
  f("detail", m.detail, Optional{});
  f("code", m.code);
  f("trace_id", m.trace_id, Optional{});
  f("errors", m.errors, Optional{});
  f("retry_after_seconds", m.retry_after_seconds);
  f("ticket_id", m.ticket_id);
  f("player_id", m.player_id);
}

}  // namespace

std::string encode_problem(const Problem& problem, std::string_view trace_id) {
  const auto& code = info(problem.code);
  ProblemObject object;
  object.type = "/errors/" + std::string(code.name);
  object.title = code.title;
  object.status = code.status;
  object.detail = problem.detail.empty() ? std::string(code.title) : problem.detail;
  object.code = code.name;
  object.trace_id = trace_id;
  object.errors = problem.errors;
  object.retry_after_seconds = problem.retry_after_seconds;
  object.ticket_id = problem.ticket_id;
  object.player_id = problem.player_id;
  return encode(object);
}

Problem decode_problem(std::string_view text) {
  Problem problem;
  auto object = decode<ProblemObject>(text, Unknown::ignored);
  if (!object) return problem;
  problem.code = code_named(object->code);
  problem.detail = object->detail;
  problem.errors = object->errors;
  problem.retry_after_seconds = object->retry_after_seconds;
  problem.ticket_id = object->ticket_id;
  problem.player_id = object->player_id;
  return problem;
}

}  // namespace mm::wire
