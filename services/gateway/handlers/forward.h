// The generic handler of most routes: decodes the request, sends it to the daemon that serves it, and returns the
// answer. Most routes need only `forward<KickPlayer>()` in the table of routes.
#pragma once

#include <type_traits>

#include "services/gateway/api/messages.h"
#include "services/gateway/exchange/exchange.h"
#include "services/gateway/handlers/refusal_order.h"

namespace mm::gateway {

namespace detail {

// Resets the optional fields that are marked as internal, which only daemons may see.
struct HideInternal {
  template <class T, class... Ls>
  void operator()(std::string_view, T& member, const Ls&...) {
    if constexpr (wire::detail::kHas<fields::Internal, Ls...> && wire::detail::IsOptional<T>::value) member.reset();
  }
};

}  // namespace detail

/// An answer as clients see it: encoded without its internal fields.
template <class T>
std::string encode_public(T answer) {
  if constexpr (std::is_same_v<T, Empty>) return {};
  detail::HideInternal hide;
  describe(hide, answer);
  return wire::encode(answer);
}

/// The schemas of a route's request and answer, for the OpenAPI document.
template <class Req, class Answer>
Messages messages_of(wire::Schemas& schemas) {
  Messages out;
  out.request = schemas.properties<Req>();
  if constexpr (!std::is_same_v<Answer, Empty>) out.answer = schemas.of<Answer>();
  return out;
}

/// The class of a request message: that of its subject, or of the message itself if only the gateway uses it. All other
/// requests only read.
template <class Req>
constexpr Work work_of_message() {
  if constexpr (requires { Req::kWork; }) return Req::kWork;
  else if constexpr (requires { Req::kSubject; }) return mm::work_of(Req::kSubject.text);
  else return Work::read;
}

/// `complete(exchange, request)` adds fields that only the gateway knows before the request is sent to the daemon.
/// `present(exchange, answer)` adds header fields before the answer is sent to the client.
template <class Req>
using Complete = void (*)(Exchange&, Req&);
template <class Answer>
using Present = void (*)(Exchange&, const Answer&);

template <class Req, Complete<Req> complete = nullptr, Present<typename Req::Answer> present = nullptr>
void forward_request(const ExchangePtr& x) {
  auto request = x->decode<Req>();
  if (!request) return refuse_in_order(x, std::move(request).error());
  x->once([x, request = *std::move(request)]() mutable {
    if constexpr (complete != nullptr) complete(*x, request);
    x->send_request(request, [x](Reply<typename Req::Answer> answer) {
      if (!answer) return x->refuse(std::move(answer).error());
      if constexpr (present != nullptr) present(*x, *answer);
      x->reply(encode_public(*std::move(answer)));
    });
  });
}

template <class Req, Complete<Req> complete = nullptr, Present<typename Req::Answer> present = nullptr>
constexpr Endpoint forward() {
  return {&forward_request<Req, complete, present>, &messages_of<Req, typename Req::Answer>, work_of_message<Req>()};
}

/// A route with a handler of its own, and its messages.
template <class Req, class Answer>
constexpr Endpoint own(void (*handle)(const ExchangePtr&)) {
  return {handle, &messages_of<Req, Answer>, work_of_message<Req>()};
}

}  // namespace mm::gateway
