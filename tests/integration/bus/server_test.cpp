// Tests of requests and servers, with a real nats-server.
#include "common/bus/server.h"

#include <gmock/gmock.h>

#include <thread>

#include "common/bus/async_requests.h"
#include "common/wire/problem_json.h"
#include "tests/integration/bus/messages.h"
#include "tests/integration/bus/raw_client.h"

namespace mm::bus {
namespace {

using testing::eventually;
using ::testing::HasSubstr;

class Serving : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { nats_ = std::make_unique<testing::OwnNats>(); }
  static void TearDownTestSuite() { nats_.reset(); }

  std::unique_ptr<Server> serve_echo(std::function<Reply<Echoed>(const Echo&, const Context&)> handler,
                                     ServerOptions options = {.name = "echo"}) {
    auto server = std::make_unique<Server>(*bus_, std::move(options), metrics_);
    server->serve<Echo>(std::move(handler));
    server->start();
    return server;
  }

  static inline std::unique_ptr<testing::OwnNats> nats_;
  metrics::Registry metrics_;
  metrics::Registry client_metrics_;
  std::unique_ptr<Bus> bus_ = connect(*nats_, metrics_);
  std::unique_ptr<Bus> client_ = connect(*nats_, client_metrics_);
};

TEST_F(Serving, AnswersWithWhatTheHandlerReturns) {
  const auto server = serve_echo([](const Echo& r, const Context&) -> Reply<Echoed> { return Echoed{r.text}; });
  const auto answer = client_->request(Echo{"hello"}, {}, soon());
  ASSERT_TRUE(answer.ok()) << answer.error().detail;
  EXPECT_EQ(answer->text, "hello");
}

TEST_F(Serving, CarriesCallerDeadlineAndTrace) {
  std::optional<Context> seen;
  std::string trace_in_handler;
  const auto server = serve_echo([&](const Echo& r, const Context& context) -> Reply<Echoed> {
    seen = context;
    trace_in_handler = trace::current().trace_id_text();
    return Echoed{r.text};
  });
  Caller caller;
  caller.tenant = *Tenant::parse("chess");
  caller.role = Role::player;
  caller.player = PlayerId::fresh(SystemClock{}.now());
  const auto trace = trace::new_trace();
  {
    const trace::Scope scope(trace);
    ASSERT_TRUE(client_->request(Echo{"x"}, caller, soon(700)).ok());
  }
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->caller.tenant.str(), "chess");
  EXPECT_EQ(seen->caller.role, Role::player);
  EXPECT_EQ(seen->caller.player, caller.player);
  EXPECT_LE(seen->deadline.remaining().count(), 700);
  EXPECT_EQ(seen->trace.trace_id, trace.trace_id);
  EXPECT_NE(seen->trace.span_id, trace.span_id);
  EXPECT_EQ(trace_in_handler, trace.trace_id_text());
}

TEST_F(Serving, ARefusalComesBackAsItsProblem) {
  const auto server = serve_echo([](const Echo&, const Context&) -> Reply<Echoed> {
    auto problem = refuse(Code::already_queued, "one ticket at a time").error;
    problem.ticket_id = TicketId(new_uuid(SystemClock{}.now()));
    return fail(problem);
  });
  const auto answer = client_->request(Echo{"x"}, {}, soon());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::already_queued);
  EXPECT_EQ(answer.error().detail, "one ticket at a time");
  EXPECT_TRUE(answer.error().ticket_id.has_value());
  EXPECT_THAT(metrics_.expose(), HasSubstr("mm_bus_refusals_total{code=\"already_queued\",subject=\"test.echo\"} 1"));
}

TEST_F(Serving, ARefusalCarriesTheServiceErrorHeaders) {
  const auto server = serve_echo([](const Echo&, const Context&) -> Reply<Echoed> { return refuse(Code::not_found); });
  RawClient raw(nats_->port());
  const auto answer = raw.request("test.echo", "", R"({"text":"x"})");
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->headers, HasSubstr("Nats-Service-Error: not_found"));
  EXPECT_THAT(answer->headers, HasSubstr("Nats-Service-Error-Code: 404"));
  EXPECT_THAT(answer->body, HasSubstr("\"code\":\"not_found\""));
}

TEST_F(Serving, NobodyThereIsUnavailableAtOnce) {
  const auto began = std::chrono::steady_clock::now();
  const auto answer = client_->request(Echo{"x"}, {}, soon(60'000));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - began, Seconds{30});
}

TEST_F(Serving, NoAnswerInTimeIsDeadlineExceeded) {
  Gate gate;
  const auto server = serve_echo([&](const Echo& r, const Context&) -> Reply<Echoed> {
    gate.pass();
    return Echoed{r.text};
  });
  const auto answer = client_->request(Echo{"x"}, {}, soon(50));
  gate.open();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::deadline_exceeded);
}

TEST_F(Serving, ARequestWhoseDeadlinePassedInTheInboxIsNotHandled) {
  Gate gate;
  std::atomic<int> handled{0};
  const auto server = serve_echo(
      [&](const Echo& r, const Context&) -> Reply<Echoed> {
        ++handled;
        if (r.text == "first") gate.pass();
        return Echoed{r.text};
      },
      {.name = "echo", .workers = 1});
  std::thread first([&] { (void)client_->request(Echo{"first"}, {}, soon()); });
  ASSERT_TRUE(eventually([&] { return gate.reached() == 1; }));
  RawClient raw(nats_->port());
  raw.publish("test.echo", "_INBOX.gone", header_block({{"Mm-Deadline-Ms", "1"}}), R"({"text":"late"})");
  ASSERT_TRUE(eventually([&] { return metrics_.expose().find("mm_bus_inbox_depth 1") != std::string::npos; }));
  const auto passed = soon(10);
  ASSERT_TRUE(eventually([&] { return passed.passed(); }));
  gate.open();
  first.join();
  EXPECT_TRUE(eventually([&] {
    return metrics_.expose().find("mm_bus_requests_expired_total{subject=\"test.echo\"} 1") != std::string::npos;
  }));
  EXPECT_EQ(handled, 1);
}

TEST_F(Serving, AFullInboxRefusesAtOnce) {
  Gate gate;
  const auto server = serve_echo(
      [&](const Echo& r, const Context&) -> Reply<Echoed> {
        gate.pass();
        return Echoed{r.text};
      },
      {.name = "echo", .workers = 1, .inbox = 1});
  std::vector<std::thread> asking;
  asking.emplace_back([&] { EXPECT_TRUE(client_->request(Echo{"taken"}, {}, soon()).ok()); });
  ASSERT_TRUE(eventually([&] { return gate.reached() == 1; }));
  asking.emplace_back([&] { EXPECT_TRUE(client_->request(Echo{"waits"}, {}, soon()).ok()); });
  ASSERT_TRUE(eventually([&] { return metrics_.expose().find("mm_bus_inbox_depth 1") != std::string::npos; }));
  const auto answer = client_->request(Echo{"one too many"}, {}, soon());
  gate.open();
  for (auto& thread : asking) thread.join();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::unavailable);
  EXPECT_TRUE(answer.error().retry_after_seconds.has_value());
}

TEST_F(Serving, AnExceptionIsAnInternalErrorAndTheNextRequestIsServed) {
  const auto server = serve_echo([](const Echo& r, const Context&) -> Reply<Echoed> {
    if (r.text == "throw") throw std::runtime_error("a bug");
    return Echoed{r.text};
  });
  const auto answer = client_->request(Echo{"throw"}, {}, soon());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::internal_error);
  EXPECT_THAT(answer.error().detail, ::testing::Not(HasSubstr("a bug")));
  EXPECT_TRUE(client_->request(Echo{"fine"}, {}, soon()).ok());
}

TEST_F(Serving, MalformedHeadersAreRefusedByName) {
  const auto server = serve_echo([](const Echo& r, const Context&) -> Reply<Echoed> { return Echoed{r.text}; });
  RawClient raw(nats_->port());
  const std::pair<const char*, const char*> cases[] = {
      {"Mm-Player", "not-a-uuid"}, {"Mm-Match", "0190AB"},     {"Mm-Role", "root"},
      {"Mm-Tenant", "Bad Tenant"}, {"Mm-Deadline-Ms", "soon"}, {"Mm-Deadline-Ms", "-5"},
      {"Mm-Deadline-Ms", "0"},     {"Mm-Role", "player"},      {"Mm-Role", "server"},
  };
  for (const auto& [name, value] : cases) {
    const auto answer = raw.request("test.echo", header_block({{name, value}}), R"({"text":"x"})");
    ASSERT_TRUE(answer.has_value()) << name;
    const auto problem = wire::decode_problem(answer->body);
    EXPECT_EQ(problem.code, Code::invalid_fields) << name << ": " << value;
    ASSERT_EQ(problem.errors.size(), 1u);
    EXPECT_THAT(problem.errors[0].pointer, HasSubstr("/headers/Mm-"));
    EXPECT_EQ(answer->body.find(R"("trace_id":"")"), std::string::npos) << "a problem can always be traced";
  }
}

TEST_F(Serving, HugeDeadlinesAreCappedAndBadTracesIgnored) {
  std::optional<Context> seen;
  const auto server = serve_echo([&](const Echo& r, const Context& context) -> Reply<Echoed> {
    seen = context;
    return Echoed{r.text};
  });
  RawClient raw(nats_->port());
  const auto headers = header_block({{"Mm-Deadline-Ms", "99999999999999999999999"}, {"traceparent", "00-zz-yy-01"}});
  const auto answer = raw.request("test.echo", headers, R"({"text":"x"})");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->body, R"({"text":"x"})");
  ASSERT_TRUE(seen.has_value());
  EXPECT_LE(seen->deadline.remaining(), limits::kMaxRequestTimeout);
  EXPECT_FALSE(seen->trace.none());
}

TEST_F(Serving, WhoNamesAPlayerActsAsAPlayerUnlessToldOtherwise) {
  std::optional<Caller> seen;
  const auto server = serve_echo([&](const Echo& r, const Context& context) -> Reply<Echoed> {
    seen = context.caller;
    return Echoed{r.text};
  });
  RawClient raw(nats_->port());
  const auto player = PlayerId::fresh(SystemClock{}.now()).to_string();
  ASSERT_TRUE(raw.request("test.echo", header_block({{"Mm-Player", player}}), R"({"text":"x"})"));
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->role, Role::player);
}

TEST_F(Serving, SurvivesAnythingAClientSends) {
  const auto server = serve_echo([](const Echo& r, const Context&) -> Reply<Echoed> { return Echoed{r.text}; });
  RawClient raw(nats_->port());
  const std::string deep(100'000, '[');
  const std::string nul("{\"text\":\"a\0b\"}", 14);
  const std::pair<std::string, Code> bodies[] = {
      {"{", Code::malformed_request},
      {deep, Code::malformed_request},
      {nul, Code::malformed_request},
      {"\xff\xfe", Code::malformed_request},
      {R"({"text":"\udc00"})", Code::malformed_request},
      {"[]", Code::invalid_fields},
      {"", Code::invalid_fields},
      {R"({"text":7})", Code::invalid_fields},
      {R"({"text":"a","text":"b"})", Code::malformed_request},
      {"{\"text\":\"" + std::string(900'000, 'x') + "\"}", Code::invalid_fields},
  };
  for (const auto& [body, code] : bodies) {
    const auto answer = raw.request("test.echo", "", body);
    ASSERT_TRUE(answer.has_value()) << body.substr(0, 40);
    EXPECT_EQ(wire::decode_problem(answer->body).code, code) << body.substr(0, 40);
  }
  for (const std::string& headers : {std::string("NATS/1.0\r\n\r\n"), std::string("NATS/1.0\r\nMm-Player\r\n\r\n"),
                                     std::string("NATS/1.0\r\n: x\r\n\r\n"), std::string("rubbish\r\n\r\n"),
                                     std::string("NATS/1.0 503\r\n\r\n"), std::string("\0\0\0\0", 4)}) {
    EXPECT_TRUE(raw.request("test.echo", headers, R"({"text":"x"})").has_value());
  }
  EXPECT_TRUE(client_->request(Echo{"still here"}, {}, soon()).ok());
}

TEST_F(Serving, RequestsWithoutAReplySubjectAreIgnoredAndCounted) {
  std::atomic<int> handled{0};
  const auto server = serve_echo([&](const Echo& r, const Context&) -> Reply<Echoed> {
    ++handled;
    return Echoed{r.text};
  });
  RawClient raw(nats_->port());
  raw.publish("test.echo", "", "", R"({"text":"nobody listens"})");
  EXPECT_TRUE(
      eventually([&] { return metrics_.expose().find("mm_bus_requests_without_reply_total 1") != std::string::npos; }));
  EXPECT_EQ(handled, 0);
}

TEST_F(Serving, ABatchHandlerGetsAllThatWaits) {
  Gate gate;
  Numbers sizes;
  Server server(*bus_, {.name = "echo"}, metrics_);
  server.serve_batch<BatchEcho>(3, [&](std::vector<Incoming<BatchEcho>>& batch) {
    sizes.add(static_cast<int>(batch.size()));
    gate.pass();
    for (auto& one : batch) one.answer(Echoed{one.request.text});
  });
  server.start();
  AsyncRequests requests(*client_, client_metrics_);
  Numbers answered;
  const auto send = [&](const std::string& text) {
    requests.request("test.batch_echo", text, {}, {}, soon(), [&](Reply<std::string> r) { answered.add(r.ok()); });
  };
  send(R"({"text":"0"})");
  ASSERT_TRUE(eventually([&] { return gate.reached() == 1; }));
  for (int i = 1; i <= 4; ++i) send(R"({"text":"x"})");
  send("not json");
  ASSERT_TRUE(eventually([&] { return metrics_.expose().find("mm_bus_inbox_depth 5") != std::string::npos; }));
  gate.open();
  ASSERT_TRUE(eventually([&] { return answered.size() == 6; }));
  EXPECT_THAT(answered.all(), ::testing::UnorderedElementsAre(1, 1, 1, 1, 1, 0));
  EXPECT_THAT(sizes.all(), ::testing::ElementsAre(1, 3, 1));
}

TEST_F(Serving, BatchesAreTakenSideBySide) {
  Gate gate;
  Server server(*bus_, {.name = "echo"}, metrics_);
  const auto handler = [&](std::vector<Incoming<BatchEcho>>& batch) {
    gate.pass();
    for (auto& one : batch) one.answer(Echoed{one.request.text});
  };
  server.serve_batch<BatchEcho>(1, handler, 2);
  server.start();
  AsyncRequests requests(*client_, client_metrics_);
  Numbers answered;
  for (int i = 0; i < 3; ++i) {
    requests.request("test.batch_echo", R"({"text":"x"})", {}, {}, soon(),
                     [&](Reply<std::string> r) { answered.add(r.ok()); });
  }
  EXPECT_TRUE(eventually([&] { return gate.reached() == 2; })) << "both worker threads have a request";
  gate.open();
  EXPECT_TRUE(eventually([&] { return answered.size() == 3; }));
}

TEST_F(Serving, AnswersToManyAtOnceAllArriveAlsoAfterTheServerWasAway) {
  auto server = std::make_unique<Server>(*bus_, ServerOptions{.name = "many", .workers = 1}, metrics_);
  server->serve_batch<BatchEcho>(64, [&](std::vector<Incoming<BatchEcho>>& batch) {
    for (auto& one : batch) one.answer(Echoed{one.request.text});
  });
  server->start();
  const auto all_answered = [&] {
    constexpr std::size_t kMany = 300;
    Numbers answered;
    AsyncRequests requests(*client_, client_metrics_);
    for (std::size_t i = 0; i < kMany; ++i) {
      requests.request("test.batch_echo", R"({"text":"x"})", {}, {}, soon(),
                       [&](Reply<std::string> r) { answered.add(r.ok()); });
    }
    EXPECT_TRUE(eventually([&] { return answered.size() == kMany; }));
    const auto outcomes = answered.all();
    return std::all_of(outcomes.begin(), outcomes.end(), [](int ok) { return ok == 1; });
  };
  EXPECT_TRUE(all_answered());
  nats_->restart();
  EXPECT_TRUE(eventually(all_answered)) << "both connections reconnect by themselves";
}

TEST_F(Serving, WhatIsAddressedToOneInstanceReachesNoOther) {
  const auto serve_at = [&](const std::string& address) {
    auto server = std::make_unique<Server>(*bus_, ServerOptions{.name = "echo"}, metrics_);
    server->serve_batch_at<BatchEcho>(address, 8, [address](std::vector<Incoming<BatchEcho>>& batch) {
      for (auto& one : batch) one.answer(Echoed{address});
    });
    server->start();
    return server;
  };
  const auto one = serve_at("one");
  auto two = serve_at("two");
  const auto send = [&](const std::string& address) {
    return client_->request(addressed(BatchEcho::kSubject, address), R"({"text":"x"})", {}, soon());
  };
  EXPECT_THAT(send("one").value_or(""), HasSubstr("one"));
  EXPECT_THAT(send("two").value_or(""), HasSubstr("two"));
  EXPECT_FALSE(client_->request(BatchEcho{"x"}, {}, soon()).ok()) << "the subject itself is not served";
  EXPECT_THAT(metrics_.expose(), HasSubstr("mm_bus_requests_total{subject=\"test.batch_echo\"} 2"));
  two.reset();
  const auto gone = send("two");
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, Code::unavailable);
}

TEST_F(Serving, ABatchedRequestLeftUnansweredGetsAnInternalError) {
  Server server(*bus_, {.name = "echo"}, metrics_);
  server.serve_batch<BatchEcho>(8, [](std::vector<Incoming<BatchEcho>>&) {});
  server.start();
  const auto answer = client_->request(BatchEcho{"x"}, {}, soon());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::internal_error);
}

TEST_F(Serving, EndingFinishesWhatIsUnderWay) {
  Gate gate;
  auto server = serve_echo(
      [&](const Echo& r, const Context&) -> Reply<Echoed> {
        gate.pass();
        return Echoed{r.text};
      },
      {.name = "echo", .workers = 1});
  AsyncRequests requests(*client_, client_metrics_);
  Numbers answered;
  for (int i = 0; i < 5; ++i) {
    requests.request("test.echo", R"({"text":"x"})", {}, {}, soon(),
                     [&](Reply<std::string> r) { answered.add(r.ok()); });
  }
  ASSERT_TRUE(eventually([&] { return metrics_.expose().find("mm_bus_inbox_depth 4") != std::string::npos; }));
  std::thread ending([&] { server.reset(); });
  gate.open();
  ending.join();
  ASSERT_TRUE(eventually([&] { return answered.size() == 5; }));
  EXPECT_THAT(answered.all(), ::testing::Each(1));
  EXPECT_EQ(client_->request(Echo{"x"}, {}, soon()).error().code, Code::unavailable);
}

TEST_F(Serving, InstancesShareTheRequestsAndOneMayEndWithoutAFailure) {
  metrics::Registry second_metrics;
  const auto second_bus = connect(*nats_, second_metrics);
  const auto echo = [](const Echo& r, const Context&) -> Reply<Echoed> { return Echoed{r.text}; };
  auto first = serve_echo(echo);
  Server second(*second_bus, {.name = "echo"}, second_metrics);
  second.serve<Echo>(echo);
  second.start();
  std::atomic<bool> stop{false};
  std::atomic<int> failed{0};
  std::atomic<int> succeeded{0};
  std::vector<std::thread> asking;
  for (int i = 0; i < 4; ++i) {
    asking.emplace_back([&] {
      while (!stop) ++(client_->request(Echo{"x"}, {}, soon()).ok() ? succeeded : failed);
    });
  }
  ASSERT_TRUE(eventually([&] { return succeeded > 100; }));
  first.reset();
  const int before = succeeded;
  EXPECT_TRUE(eventually([&] { return succeeded > before + 100; }));
  stop = true;
  for (auto& thread : asking) thread.join();
  EXPECT_EQ(failed, 0);
}

TEST_F(Serving, DescribesItselfByTheServiceProtocol) {
  const auto server = serve_echo([](const Echo& r, const Context&) -> Reply<Echoed> {
    if (r.text == "no") return refuse(Code::forbidden);
    return Echoed{r.text};
  });
  ASSERT_TRUE(client_->request(Echo{"x"}, {}, soon()).ok());
  ASSERT_FALSE(client_->request(Echo{"no"}, {}, soon()).ok());
  RawClient raw(nats_->port());
  const auto ping = raw.request("$SRV.PING", "", "");
  ASSERT_TRUE(ping.has_value());
  const auto document = json::Document::parse(ping->body);
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->root().find("type")->string(), "io.nats.micro.v1.ping_response");
  EXPECT_EQ(document->root().find("name")->string(), "echo");
  EXPECT_EQ(document->root().find("version")->string(), "0.1.0");
  const std::string id(document->root().find("id")->string());

  const auto info = raw.request("$SRV.INFO.echo", "", "");
  ASSERT_TRUE(info.has_value());
  EXPECT_THAT(info->body, HasSubstr("io.nats.micro.v1.info_response"));
  EXPECT_THAT(info->body, HasSubstr(R"("name":"echo","subject":"test.echo","queue_group":"echo")"));

  const auto stats = raw.request("$SRV.STATS.echo." + id, "", "");
  ASSERT_TRUE(stats.has_value());
  EXPECT_THAT(stats->body, HasSubstr("io.nats.micro.v1.stats_response"));
  EXPECT_THAT(stats->body, HasSubstr(R"("num_requests":2,"num_errors":1,"last_error":"403:forbidden")"));
  EXPECT_THAT(stats->body, HasSubstr("\"started\":\"20"));
}

TEST_F(Serving, ManyRequestsAreInFlightWithoutAThreadEach) {
  const auto server = serve_echo([](const Echo& r, const Context&) -> Reply<Echoed> { return Echoed{r.text}; });
  AsyncRequests requests(*client_, client_metrics_);
  std::atomic<int> answered{0};
  std::atomic<int> right{0};
  constexpr int kMany = 2'000;
  for (int i = 0; i < kMany; ++i) {
    const auto body = wire::encode(Echo{std::to_string(i)});
    requests.request("test.echo", body, {}, {}, soon(20'000), [&, body](Reply<std::string> reply) {
      if (reply.ok() && *reply == body) ++right;
      ++answered;
    });
  }
  EXPECT_TRUE(eventually([&] { return answered == kMany; }, Milliseconds{30'000}));
  EXPECT_EQ(right, kMany);
}

TEST_F(Serving, AnAsynchronousRequestEndsOnceWhateverHappens) {
  Gate gate;
  const auto server = serve_echo([&](const Echo& r, const Context&) -> Reply<Echoed> {
    gate.pass();
    return Echoed{r.text};
  });
  std::mutex mutex;
  std::vector<Code> codes;
  const auto note = [&](Reply<std::string> reply) {
    std::lock_guard lock(mutex);
    codes.push_back(reply.ok() ? Code::not_found : reply.error().code);
  };
  const auto count = [&] {
    std::lock_guard lock(mutex);
    return codes.size();
  };
  auto requests = std::make_unique<AsyncRequests>(*client_, client_metrics_);
  requests->request("test.nobody", "{}", {}, {}, soon(), note);
  ASSERT_TRUE(eventually([&] { return count() == 1; }));
  requests->request("test.echo", R"({"text":"x"})", {}, {}, soon(50), note);
  ASSERT_TRUE(eventually([&] { return count() == 2; }));
  requests->request("bad subject", "{}", {}, {}, soon(), note);
  ASSERT_TRUE(eventually([&] { return count() == 3; }));
  requests->request("test.echo", R"({"text":"x"})", {}, {}, soon(60'000), note);
  requests.reset();
  gate.open();
  EXPECT_EQ(codes, (std::vector{Code::unavailable, Code::deadline_exceeded, Code::unavailable, Code::unavailable}));
}

}  // namespace
}  // namespace mm::bus
