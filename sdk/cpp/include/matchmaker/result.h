// The result of a call: a value or an Error. The SDK throws no exceptions.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace matchmaker {

/// The kind of an error. It is sufficient to decide how to react.
enum class ErrorKind {
  network,       ///< the connection failed or broke; the request may or may not have taken effect
  timeout,       ///< no answer within the timeout; the request may or may not have taken effect
  unauthorized,  ///< the player is not logged in, or the login has ended: log in again
  forbidden,     ///< this player may not do this
  not_found,     ///< the object does not exist or is not visible to this player
  conflict,      ///< not possible in the current state; `code` names the reason (already_queued, party_full, …)
  invalid,       ///< a value is invalid; `fields` lists the invalid values
  rate_limited,  ///< too many requests; retry after `retry_after_seconds`
  unavailable,   ///< the service is unavailable; retry after `retry_after_seconds`
  protocol,      ///< the SDK does not understand the answer
};

struct FieldError {
  std::string pointer = {};  ///< JSON pointer of the field, e.g. "/team_size"
  std::string detail = {};
};

struct Error {
  ErrorKind kind = ErrorKind::network;
  /// A stable name in snake_case from the service, or one of the SDK: "network", "timeout", "protocol",
  /// "invalid_address".
  std::string code = {};
  std::string detail = {};  ///< a text for people
  int http_status = 0;
  int retry_after_seconds = 0;
  std::vector<FieldError> fields = {};
  std::string player_id = {};  ///< the player who causes a conflict, for example an absent member; else empty
  std::string trace_id = {};   ///< identifies the request in the logs of the service
};

/// The value of a call that succeeds without content.
struct Done {};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// Requires ok().
  const T& value() const { return *std::get_if<0>(&state_); }
  T& value() { return *std::get_if<0>(&state_); }
  const T* operator->() const { return &value(); }
  const T& operator*() const { return value(); }

  /// Requires !ok().
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace matchmaker
