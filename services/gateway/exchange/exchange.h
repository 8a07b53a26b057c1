// The state of one request while the gateway handles it: the request, its principal, and its answer. The callbacks of a
// handler share ownership of the exchange. Each exchange is answered exactly once: if the last owner drops an exchange
// without an answer, the exchange answers internal_error. Used only on the loop of its shard.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/security/jwt.h"
#include "services/gateway/api/route.h"
#include "services/gateway/core/http.h"
#include "services/gateway/exchange/requests.h"

namespace mm::gateway {

/// The identity of the caller, from the verified token. All parts are empty for a caller without a token.
struct Principal {
  std::optional<security::AccessClaims> player;
  std::optional<security::ServerClaims> server;
  bool admin = false;
  std::optional<Region> home;  ///< home region, if the player changed it after the token was issued

  Caller caller() const;
  const Region& home_region() const { return home ? *home : player->region; }
};

/// The permission to continue a connection as a WebSocket.
struct SocketAdmission {
  std::optional<security::AccessClaims> player;  ///< none: the client must send its token in a hello frame
  std::optional<PartyId> party;                  ///< if set, only members of this party may use the socket
  std::string address;                           ///< key for limits per address
  std::int64_t resume = 0;                       ///< the client has all frames up to this number; 0: unknown
  HeaderFields headers;                          ///< header fields of the 101 answer
};

struct Outcome {
  HttpAnswer answer;
  std::optional<SocketAdmission> admission;  ///< if set, it replaces `answer`
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Respond = std::function<void(Outcome)>;

  Exchange(Shard& shard, Respond respond);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // The request.
  Shard& shard;
  HttpRequest request;
  const Route* route = nullptr;
  wire::HttpParts parts;
  std::optional<json::Document> body;
  std::string request_id;
  trace::Context trace;
  Deadline deadline = Deadline::after(limits::kRequestTimeout);

  // The caller.
  Principal principal;
  std::string address;             ///< key for limits per address (counted_as)
  std::optional<Problem> refusal;  ///< sent only after the request was counted by the rate limit

  // Additions to the answer.
  HeaderFields headers;
  std::optional<Allowance> allowance;

  Gateway& gateway() const { return shard.gateway; }
  TimePoint now() const { return gateway().runtime.clock.now(); }
  const security::AccessClaims& player() const { return *principal.player; }

  /// Decodes the request message of this route from path, query and body. Fails with invalid_fields (422).
  template <class Req>
  Reply<Req> decode() {
    if (auto shaped = check_shape(); !shaped) return fail(std::move(shaped).error());
    static const json::Document kEmpty = *json::Document::parse("{}");
    return wire::decode_http<Req>(body ? *body : kEmpty, parts);
  }

  template <class Req, class Then>
  void send_request(const Req& message, Then then) {
    mm::gateway::send_request(shard, message, context(), std::move(then));
  }
  RequestContext context() const { return {principal.caller(), trace, deadline}; }

  /// Runs `work`. If the route accepts an Idempotency-Key and the request has one, `work` runs once per key: for a
  /// duplicate request the stored answer is sent, or the request is refused.
  void once(std::function<void()> work);
  /// A ticket id that is the same for every attempt under one Idempotency-Key; without a key, a new id.
  TicketId stable_ticket_id() const;

  void reply(std::string json) { reply(route->status, std::move(json)); }
  void reply(int status, std::string json);
  void reply(HttpAnswer answer);
  void refuse(Problem problem);
  void admit(SocketAdmission admission);

 private:
  struct Keyed {
    KeyedAttempt attempt;
    TimePoint created_at;
  };

  Reply<Done> check_shape() const;
  void refuse_running(Milliseconds most);
  void replay(const std::string& stored);
  void keep_and_finish(HttpAnswer answer);
  void finish(HttpAnswer answer);
  void add_headers(HttpAnswer& answer) const;
  void record(int status) const;

  Respond respond_;
  std::optional<Keyed> keyed_;
  std::optional<Code> refused_;
  const SteadyPoint started_;
};

/// The complete problem+json answer. Also used for refusals of a connection, which have no exchange.
HttpAnswer problem_answer(const Problem& problem, std::string_view trace_id);

}  // namespace mm::gateway
