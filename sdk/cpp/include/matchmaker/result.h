// Errors as values: every call ends in a Result, never in an exception.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace matchmaker {

/// What kind of thing went wrong: enough to decide what to do next.
enum class ErrorKind {
  network,       ///< no connection, or it broke; the request may or may not have had its effect
  timeout,       ///< no answer in time; likewise
  unauthorized,  ///< not logged in, or the login has ended: log in again
  forbidden,     ///< not allowed for this player
  not_found,     ///< not there, or not visible to this player
  conflict,      ///< not possible in the present state; `code` says why (already_queued, party_full, …)
  invalid,       ///< a value is not acceptable; `fields` say which
  rate_limited,  ///< too many requests; try again after `retry_after_seconds`
  unavailable,   ///< the service is not available now; try again after `retry_after_seconds`
  protocol,      ///< an answer that this SDK does not understand
};

struct FieldError {
  std::string pointer = {};  ///< JSON pointer of the field, e.g. "/team_size"
  std::string detail = {};
};

struct Error {
  ErrorKind kind = ErrorKind::network;
  /// Stable, snake_case, of the service; "network", "timeout", "protocol", "invalid_address" for ours.
  std::string code = {};
  std::string detail = {};  ///< for people
  int http_status = 0;
  int retry_after_seconds = 0;
  std::vector<FieldError> fields = {};
  std::string player_id = {};  ///< of a conflict that one player causes, for example a member who is absent
  std::string trace_id = {};  ///< for the operators' logs
};

/// Success without content.
struct Done {};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// Only when ok().
  const T& value() const { return *std::get_if<0>(&state_); }
  T& value() { return *std::get_if<0>(&state_); }
  const T* operator->() const { return &value(); }
  const T& operator*() const { return value(); }

  /// Only when not ok().
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace matchmaker
