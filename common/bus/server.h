// Server: answers requests. A bounded inbox collects requests, and a few worker threads, which may block, handle them
// under their deadlines. Implements the NATS service protocol: $SRV.PING, $SRV.INFO and $SRV.STATS (also .<name> and
// .<name>.<id>).
//
//   bus::Server server_{runtime.bus, {.name = "lobby", .version = kVersion}, runtime.metrics};
//   server_.serve<KickPlayer>([this](const KickPlayer& r, const bus::Context& c) { return kick(r, c); });
//   server_.start();                       // subscribes; queue group = the name
//
// If the inbox is full, requests are answered `unavailable` immediately. Reads are refused while there is still room
// for results and cancels, and are answered after them (common/contracts/work.h). A request whose deadline passed in
// the inbox is not handled, because its caller has stopped waiting. An exception in a handler is a bug; it is logged
// and answered internal_error. The destructor stops receiving, handles what is in the inbox, and waits for outstanding
// answers (at most kDrainTimeout).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/bus/bus.h"
#include "common/contracts/tenants.h"

namespace mm::bus {

struct ServerOptions {
  std::string name;               ///< name of the service and of the queue group
  std::string version = "0.1.0";  ///< semantic version
  std::string description{};
  int workers = 4;
  std::size_t inbox = 4096;                ///< limit of waiting requests, over all subjects
  TenantList tenants = TenantList::any();  ///< requests for other tenants are refused with unknown_tenant
  /// Called for each request that begins new work; if it returns a problem, the request is refused with it. Called on
  /// the delivery threads of the bus, so it must not block.
  std::function<std::optional<Problem>()> refuse_new_work{};
};

/// One request of a batch and the function that answers it. The function must be called exactly once.
template <class Req>
struct Incoming {
  Req request;
  Context context;
  std::function<void(Reply<typename Req::Answer>)> answer;
};

class Server {
 public:
  Server(Bus& bus, ServerOptions options, metrics::Registry& metrics);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  template <class Req>
  void serve(std::function<Reply<typename Req::Answer>(const Req&, const Context&)> handler) {
    serve_at<Req>({}, std::move(handler));
  }

  /// Serves requests that are sent to addressed(Req::kSubject, address).
  template <class Req>
  void serve_at(std::string address, std::function<Reply<typename Req::Answer>(const Req&, const Context&)> handler) {
    serve_raw(std::string(Req::kSubject.text), address,
              [this, handler = std::move(handler)](std::string_view body, const Context& context) {
                auto request = wire::decode<Req>(body, wire::Unknown::ignored, read_limits<Req>());
                if (!request) return Reply<std::string>(fail(std::move(request).error()));
                if (!is_served(*request, context.caller)) return Reply<std::string>(refuse(Code::unknown_tenant));
                auto answer = handler(*request, context);
                if (!answer) return Reply<std::string>(fail(std::move(answer).error()));
                return Reply<std::string>(wire::encode(*answer));
              });
  }

  /// The handler gets all waiting requests of this subject, up to `limit`, so that it can process them in one round
  /// trip to a store. Requests that do not decode are answered beforehand. The handler may keep the answer functions
  /// and call them later, from any thread. `side_by_side`: number of threads that call the handler, each with its own
  /// batch.
  template <class Req>
  void serve_batch(std::size_t limit, std::function<void(std::vector<Incoming<Req>>&)> handler, int side_by_side = 1) {
    serve_batch_raw(std::string(Req::kSubject.text), {}, limit, raw_of<Req>(std::move(handler)), side_by_side);
  }

  /// Serves requests to this instance only: those sent to addressed(Req::kSubject, address).
  template <class Req>
  void serve_batch_at(std::string address, std::size_t limit,
                      std::function<void(std::vector<Incoming<Req>>&)> handler) {
    serve_batch_raw(std::string(Req::kSubject.text), std::move(address), limit, raw_of<Req>(std::move(handler)), 1);
  }

  void start();

 private:
  struct RawIncoming {
    std::string body;
    Context context;
    std::function<void(Reply<std::string>)> answer;
  };
  using RawHandler = std::function<Reply<std::string>(std::string_view, const Context&)>;
  using RawBatchHandler = std::function<void(std::vector<RawIncoming>&)>;

  template <class Req>
  RawBatchHandler raw_of(std::function<void(std::vector<Incoming<Req>>&)> handler) {
    return [this, handler = std::move(handler)](std::vector<RawIncoming>& raw) { decode_batch<Req>(raw, handler); };
  }

  /// Messages that only daemons send may be larger than messages from players.
  template <class Req>
  static constexpr json::ReadLimits read_limits() {
    if constexpr (requires { Req::kFromDaemons; }) return Bus::kTrusted;
    return {};
  }

  /// Whether this server serves the tenants of a request: the caller's, if the caller is a player, and the tenant in
  /// the request. A request without a tenant field concerns the caller's tenant.
  template <class Req>
  bool is_served(const Req& request, const Caller& caller) const {
    if (caller.role == Role::player && !tenants().contains(caller.tenant)) return false;
    if constexpr (requires { request.tenant->str(); }) {
      return !request.tenant || tenants().contains(*request.tenant);  // absent: all tenants
    } else if constexpr (requires { request.tenant.str(); }) {
      return tenants().contains(request.tenant);
    } else {
      return tenants().contains(caller.tenant);
    }
  }
  const TenantList& tenants() const;

  template <class Req>
  void decode_batch(std::vector<RawIncoming>& raw, const std::function<void(std::vector<Incoming<Req>>&)>& handler) {
    std::vector<Incoming<Req>> batch;
    batch.reserve(raw.size());
    for (auto& one : raw) {
      auto request = wire::decode<Req>(one.body, wire::Unknown::ignored, read_limits<Req>());
      if (!request) {
        one.answer(fail(std::move(request).error()));
        continue;
      }
      if (!is_served(*request, one.context.caller)) {
        one.answer(refuse(Code::unknown_tenant));
        continue;
      }
      batch.push_back(
          {std::move(*request), one.context, [answer = std::move(one.answer)](Reply<typename Req::Answer> reply) {
             if (!reply) return answer(fail(std::move(reply).error()));
             answer(wire::encode(*reply));
           }});
    }
    if (!batch.empty()) handler(batch);
  }

  void serve_raw(std::string subject, const std::string& address, RawHandler handler);
  void serve_batch_raw(std::string subject, std::string address, std::size_t limit, RawBatchHandler handler,
                       int side_by_side);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::bus
