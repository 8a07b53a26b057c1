// Tests of the documentation pages, of the OpenAPI document against the answers of every route (each `call` compares
// its answer with the document), and of the routes without a login.
#include "tests/integration/gateway/world.h"

#include "services/gateway/core/public_figures.h"
#include "services/gateway/docs/openapi.h"
#include "services/gateway/handlers/routes.h"

namespace mm::gateway::testing {
namespace {

const json::Document& document() {
  static const auto parsed =
      json::Document::parse(docs::openapi_document(routes()), {limits::kMaxJsonDepth, 1'000'000});
  return *parsed;
}

std::string text_of(const json::Value& value, std::string_view key) {
  const auto found = value.find(key);
  return found && found->is(json::Kind::string) ? std::string(found->string()) : std::string{};
}

/// A request as "Try it out" in Swagger UI sends it: with the examples of the document and nothing else.
struct Try {
  std::string method;
  std::string target;
  std::string body;
};

Try try_of(std::string_view method, std::string_view path, const json::Value& operation) {
  Try made{std::string(method), std::string(path), {}};
  for (char& c : made.method) c = static_cast<char>(c - 'a' + 'A');
  std::string query;
  operation.find("parameters")->each_element([&](const json::Value& parameter) {
    const auto example = parameter.find("example");
    if (!example) return;
    const auto name = text_of(parameter, "name");
    const std::string value(example->string());
    const auto at = made.target.find("{" + name + "}");
    if (at != std::string::npos) made.target.replace(at, name.size() + 2, value);
    else query += (query.empty() ? "?" : "&") + name + "=" + value;
  });
  made.target += query;
  const auto body = operation.find("requestBody");
  if (body) made.body = body->find("content")->find("application/json")->find("example")->text();
  return made;
}

std::vector<Try> all_tries() {
  std::vector<Try> out;
  document().root().find("paths")->each_member([&](std::string_view path, const json::Value& methods) {
    methods.each_member(
        [&](std::string_view method, const json::Value& operation) { out.push_back(try_of(method, path, operation)); });
  });
  return out;
}

/// Removes the answers of the fakes after each test, as the other tests expect.
class Documents : public ::testing::Test {
 protected:
  void TearDown() override { forget_all(World::get().fakes); }
};

/// The token that the route requires: of a player, of the game server of the example match, or of the operator.
Fields credentials(const Try& request) {
  const auto match = *MatchId::parse("01890a5d-ac96-774b-bcce-b302099a8057");
  if (request.target.starts_with("/internal")) return {{"Authorization", "Bearer " + kAdminToken}};
  const bool of_server = request.target.ends_with("/heartbeat") || request.target.ends_with("/result");
  if (of_server) return {{"Authorization", "Bearer " + server_token(match)}};
  return fresh_player().auth();
}

TEST_F(Documents, DoNotRequireTheFieldsThatAVoidResultMayLeaveOut) {
  const auto match = MatchId::fresh(SystemClock{}.now());
  const Fields server{{"Authorization", "Bearer " + server_token(match)}};
  fake<ReportResult>().answer(ResultAnswer{match, MatchStatus::cancelled});
  const auto path = "/v1/session/" + match.to_string() + "/result";
  EXPECT_EQ(gateway().send("POST", path, R"({"outcome":"void"})", server).status, 200);
  EXPECT_EQ(gateway().send("POST", path, R"({"outcome":"played","duration_seconds":1})", server).status, 422);
  EXPECT_EQ(gateway().send("POST", path, R"({"outcome":"played","winning_team":0})", server).status, 422);
  const auto operation = document().root().find("paths")->find("/v1/session/{match_id}/result")->find("post");
  const auto schema = operation->find("requestBody")->find("content")->find("application/json")->find("schema");
  EXPECT_FALSE(schema->find("required")) << "a field that a void result may leave out is required";
  const auto winner = schema->find("properties")->find("winning_team");
  EXPECT_NE(text_of(*winner, "description").find("void"), std::string::npos);
}

TEST_F(Documents, TheRootLeadsToThem) {
  const auto answer = gateway().get("/");
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer.header("location"), "/docs");
  for (const auto* link : {"docs", "redoc", "openapi", "asyncapi"})
    EXPECT_EQ(gateway().get(answer.at(link)).status, 200) << link;
  EXPECT_EQ(gateway().get("/?x=1").status, 422);
}

TEST_F(Documents, HeadIsAnsweredWhereverGetIs) {
  refuse_all(Code::unavailable, World::get().fakes);
  const auto player = fresh_player();
  for (const auto& request : all_tries()) {
    if (request.method != "GET") continue;
    // The sockets are opened with GET only.
    const auto get = call(gateway().target(), {"GET", request.target, player.auth(), ""});
    const auto head = call(gateway().target(), {"HEAD", request.target, player.auth(), ""});
    EXPECT_EQ(head.status, get.status) << request.target;
    EXPECT_EQ(head.header("content-type"), get.header("content-type")) << request.target;
    EXPECT_EQ(head.header("content-length").empty(), get.header("content-length").empty()) << request.target;
  }
  Connection connection(gateway().port());
  connection.send("HEAD /v1/modes HTTP/1.1\r\nHost: localhost\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(connection.read_answer(true).status, 200);
  EXPECT_EQ(connection.read_answer().at("status"), "ok") << "the answer to HEAD had no body";
}

TEST_F(Documents, EveryExampleIsAcceptedAtTheFirstClick) {
  refuse_all(Code::unavailable, World::get().fakes);
  for (const auto& request : all_tries()) {
    const auto answer = call(gateway().target(), {request.method, request.target, credentials(request), request.body});
    const bool opens_socket = request.target.starts_with("/v1/ws");
    EXPECT_TRUE(opens_socket ||
                (answer.status != 400 && answer.status != 403 && answer.status != 415 && answer.status != 422))
        << request.method << " " << request.target << " " << request.body << "\n"
        << answer.body;
  }
}

TEST_F(Documents, ListEveryAnswerOfEveryRoute) {
  const std::string large(70'000, ' ');
  for (const auto code : {Code::unavailable, Code::deadline_exceeded, Code::internal_error}) {
    refuse_all(code, World::get().fakes);
    for (const auto& request : all_tries()) {
      const auto send = [&](const std::string& target, Fields headers, const std::string& body) {
        call(gateway().target(), {request.method, target, std::move(headers), body});
      };
      const auto& target = request.target;
      const auto token = credentials(request);
      send(target, token, request.body);
      send(target, {}, request.body);
      send(target, fresh_player().auth(), request.body);
      send(target, {{"Authorization", "Bearer x.y.z"}}, request.body);
      send(target, with(token, "Origin", "https://elsewhere.example"), request.body);
      send(target, with(token, "Content-Type", "text/plain"), "{}");
      send(target, token, "{");
      send(target, token, R"({"no_such_field":1})");
      send(target + (target.find('?') == std::string::npos ? "?" : "&") + "no_such_field=1", token, request.body);
      send(target, with(token, "Idempotency-Key", "one two"), request.body);
      send(target, token, large);
      send(target, with(token, "X-Filler", std::string(20'000, 'x')), "");
      send(target + "?" + std::string(9'000, 'x'), token, "");
    }
  }
}

TEST_F(Documents, SayOnceWhatAFileAnswersWhenItIsKnown) {
  for (const auto* path : {"/docs", "/redoc", "/openapi.json", "/asyncapi.json", "/docs/start.js"}) {
    const auto tag = gateway().get(path).header("etag");
    EXPECT_EQ(gateway().get(path, {{"If-None-Match", tag}}).status, 304) << path;
  }
}

TEST_F(Documents, EveryCodeSaysWhatToDo) {
  for (const auto& code : kCodes) {
    const auto answer = gateway().get("/errors/" + std::string(code.name));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.at("status"), std::to_string(code.status));
    EXPECT_GT(answer.at("advice").size(), 20u) << code.name;
  }
  EXPECT_EQ(gateway().get("/errors/party_empty").status, 404);
}

TEST(Figures, ModesAreListedWithTheirTeamSizes) {
  const auto answer = gateway().get("/v1/modes");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.at("modes/0/mode"), "ranked");
  EXPECT_EQ(answer.at("modes/0/team_sizes"), "[1,2,3,4,5]");
  EXPECT_EQ(answer.at("modes/0/default_team_size"), "5");
  EXPECT_EQ(answer.at("modes/0/rated"), "true");
  EXPECT_EQ(answer.at("modes/2/mode"), "duel");
  EXPECT_EQ(answer.at("modes/2/team_sizes"), "[1]");
}

BucketSummary bucket(const std::string& mode, const std::string& region, int team_size, std::int64_t players) {
  BucketSummary made;
  made.tenant = default_tenant();
  made.mode = *Mode::parse(mode);
  made.region = *Region::parse(region);
  made.team_size = team_size;
  made.players = players;
  made.owner = "matchmaker-1";
  return made;
}

TEST(Figures, QueuesAreSummedByModeAndRegionAndSayNothingElse) {
  auto busy = bucket("ranked", "eu-west", 5, 30);
  busy.matches_last_minute = 9;
  busy.wait_p50_ms = 12'000;
  busy.wait_p90_ms = 40'000;
  QueueSummary summary;
  summary.buckets = {bucket("ranked", "eu-west", 1, 2), busy, bucket("duel", "us-east", 1, 50)};
  fake<GetQueues>().answer(summary);
  Instance own;
  const auto answer = own.get("/v1/queues");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("queues/0/mode"), "duel");
  EXPECT_EQ(answer.at("queues/0/players_waiting"), "50");
  EXPECT_EQ(answer.at("queues/0/wait_p50_ms"), "") << "nobody was matched there lately";
  EXPECT_EQ(answer.at("queues/1/mode"), "ranked");
  EXPECT_EQ(answer.at("queues/1/region"), "eu-west");
  EXPECT_EQ(answer.at("queues/1/players_waiting"), "32");
  EXPECT_EQ(answer.at("queues/1/wait_p50_ms"), "12000");
  EXPECT_EQ(answer.at("queues/1/wait_p90_ms"), "40000");
  EXPECT_EQ(answer.at("queues/1/team_sizes/1/players_waiting"), "30");
  EXPECT_EQ(answer.body.find("matchmaker-1"), std::string::npos);
  EXPECT_EQ(fake<GetQueues>().last().tenant, default_tenant());
  EXPECT_EQ(fake<GetQueues>().caller().role, Role::service);
}

TEST(Figures, ManyWhoAskForTheQueuesCostOneQuestion) {
  fake<GetQueues>().answer(QueueSummary{});
  Instance own([](Settings& settings) { settings.threads = 1; });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(own.get("/v1/queues").status, 200);
  EXPECT_EQ(fake<GetQueues>().requests(), 1);
  own.clock.advance(Milliseconds{2'001});
  EXPECT_EQ(own.get("/v1/queues").status, 200);
  EXPECT_EQ(fake<GetQueues>().requests(), 2);
}

TEST(Figures, AFailureIsNotKept) {
  fake<GetQueues>().refuse(Code::unavailable);
  Instance own([](Settings& settings) { settings.threads = 1; });
  expect_problem(own.get("/v1/queues"), 503, "unavailable");
  fake<GetQueues>().answer(QueueSummary{});
  EXPECT_EQ(own.get("/v1/queues").status, 200);
}

TEST(Figures, TheQueuesShownAreBounded) {
  QueueSummary summary;
  for (int i = 0; i < 600; ++i) {
    const std::string region{'e', 'u', '-', static_cast<char>('a' + i / 26), static_cast<char>('a' + i % 26)};
    summary.buckets.push_back(bucket("ranked", region, 5, i));
  }
  const auto shown = public_queues(summary);
  EXPECT_EQ(shown.queues.size(), kMaxPublicQueues);
  EXPECT_EQ(shown.queues.front().players_waiting, 599);
}

}  // namespace
}  // namespace mm::gateway::testing
