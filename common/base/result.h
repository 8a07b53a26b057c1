// Result<T, E>: a value or an error. Errors are values in this code base; exceptions of foreign libraries are caught
// where the library is called. Not thread-safe; cheap to move.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <utility>
#include <variant>

namespace mm {

/// An assertion that is always compiled in, for conditions that only a bug can violate. It prints the message and
/// aborts. Never use it to check input.
inline void check(bool holds, const char* message) {
  if (holds) return;
  std::fprintf(stderr, "check failed: %s\n", message);
  std::abort();
}

/// The value of a success that returns nothing.
struct Done {
  friend bool operator==(Done, Done) = default;
};

template <class E>
struct Failure {
  E error;
};

template <class E>
Failure<std::decay_t<E>> fail(E&& error) {
  return {std::forward<E>(error)};
}

template <class T, class E>
class [[nodiscard]] Result {
 public:
  using Value = T;
  using Error = E;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  template <class U>
  requires std::is_convertible_v<U, E> Result(Failure<U> failure)
      : state_(std::in_place_index<1>, std::move(failure.error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return require(), *std::get_if<0>(&state_); }
  const T& value() const& { return require(), *std::get_if<0>(&state_); }
  T&& value() && { return require(), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const E& error() const& { return check(!ok(), "error() of a success"), *std::get_if<1>(&state_); }
  E&& error() && { return check(!ok(), "error() of a success"), std::move(*std::get_if<1>(&state_)); }

  T value_or(T fallback) const { return ok() ? value() : std::move(fallback); }

 private:
  void require() const { check(ok(), "value() of a failure"); }

  std::variant<T, E> state_;
};

}  // namespace mm
