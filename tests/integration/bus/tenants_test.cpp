// Tests that a server refuses requests for tenants that the operator has not listed, because the first use creates a
// tenant.
#include <gtest/gtest.h>

#include "common/bus/server.h"
#include "tests/integration/bus/messages.h"

namespace mm::bus {
namespace {

/// A request with a tenant in its body, like those of matchmaker and profile.
struct OfTenant {
  static constexpr Subject kSubject{"test.of_tenant"};
  using Answer = Echoed;
  Tenant tenant = default_tenant();
};
template <class F>
void describe(F& f, OfTenant& m) {
  f("tenant", m.tenant, fields::Optional{});
}

/// A request that may be about all tenants.
struct OfAll {
  static constexpr Subject kSubject{"test.of_all"};
  using Answer = Echoed;
  std::optional<Tenant> tenant;
};
template <class F>
void describe(F& f, OfAll& m) {
  f("tenant", m.tenant);
}

Tenant tenant(std::string_view name) { return *Tenant::parse(name); }

Caller caller_of(std::string_view name, Role role) {
  Caller caller;
  caller.tenant = tenant(name);
  caller.role = role;
  if (role == Role::player) caller.player = PlayerId::fresh(SystemClock{}.now());
  return caller;
}

class TenantsOfAServer : public ::testing::Test {
 protected:
  TenantsOfAServer() {
    ServerOptions options{.name = "echo"};
    options.tenants = *TenantList::parse("chess");
    server_.emplace(*bus_, options, metrics_);
    server_->serve<Echo>([](const Echo& r, const Context&) -> Reply<Echoed> { return Echoed{r.text}; });
    server_->serve<OfTenant>([](const OfTenant&, const Context&) -> Reply<Echoed> { return Echoed{"served"}; });
    server_->serve<OfAll>([](const OfAll&, const Context&) -> Reply<Echoed> { return Echoed{"served"}; });
    server_->serve_batch<BatchEcho>(4, [](std::vector<Incoming<BatchEcho>>& batch) {
      for (auto& one : batch) one.answer(Echoed{one.request.text});
    });
    server_->start();
  }

  template <class Req>
  std::string outcome_of(const Req& request, const Caller& caller) {
    const auto answer = client_->request(request, caller, soon());
    return answer ? "served" : std::string(info(answer.error().code).name);
  }

  const testing::OwnNats nats_;
  metrics::Registry metrics_;
  metrics::Registry client_metrics_;
  std::unique_ptr<Bus> bus_ = connect(nats_, metrics_);
  std::unique_ptr<Bus> client_ = connect(nats_, client_metrics_);
  std::optional<Server> server_;
};

TEST_F(TenantsOfAServer, AnUnknownOneIsRefusedWhereverItIsNamed) {
  const auto service_of_go = caller_of("go", Role::service);
  const auto player_of_go = caller_of("go", Role::player);
  const auto player_of_chess = caller_of("chess", Role::player);
  EXPECT_EQ(outcome_of(Echo{"x"}, player_of_go), "unknown_tenant");
  EXPECT_EQ(outcome_of(Echo{"x"}, service_of_go), "unknown_tenant");
  EXPECT_EQ(outcome_of(BatchEcho{"x"}, player_of_go), "unknown_tenant");
  EXPECT_EQ(outcome_of(OfTenant{tenant("go")}, player_of_chess), "unknown_tenant");
  EXPECT_EQ(outcome_of(OfTenant{tenant("go")}, {}), "unknown_tenant");
  EXPECT_EQ(outcome_of(OfAll{tenant("go")}, {}), "unknown_tenant");
  EXPECT_EQ(outcome_of(OfAll{}, player_of_go), "unknown_tenant");
  EXPECT_EQ(info(Code::unknown_tenant).status, 422);
}

TEST_F(TenantsOfAServer, AKnownOneIsServed) {
  const auto player = caller_of("chess", Role::player);
  EXPECT_EQ(outcome_of(Echo{"x"}, player), "served");
  EXPECT_EQ(outcome_of(BatchEcho{"x"}, player), "served");
  EXPECT_EQ(outcome_of(OfTenant{tenant("chess")}, player), "served");
  // A daemon may send a request without headers. Then the tenant in the body counts, or all tenants.
  EXPECT_EQ(outcome_of(OfTenant{tenant("chess")}, {}), "served");
  EXPECT_EQ(outcome_of(OfAll{}, {}), "served");
}

}  // namespace
}  // namespace mm::bus
