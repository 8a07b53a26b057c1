// Tests of the gateway with malformed and hostile HTTP requests.
#include "tests/integration/gateway/world.h"

#include <chrono>
#include <thread>

namespace mm::gateway::testing {
namespace {

const std::string kHost = "Host: localhost\r\n";
const std::string kJson = "Content-Type: application/json\r\n";

struct Case {
  std::string what;
  std::string bytes;
  int status = 400;
};

std::string post(const std::string& headers, const std::string& body) {
  return "POST /v1/auth/login HTTP/1.1\r\n" + kHost + kJson + headers + "\r\n" + body;
}

/// Checks that each case is refused with its status and a problem, and that the gateway closes the connection.
void expect_refused(const std::vector<Case>& cases) {
  for (const auto& one : cases) {
    Connection connection(gateway().port());
    connection.send(one.bytes);
    const auto answer = connection.read_answer();
    EXPECT_EQ(answer.status, one.status) << one.what << ": " << answer.body;
    EXPECT_EQ(answer.header("content-type"), "application/problem+json") << one.what;
    EXPECT_EQ(answer.header("connection"), "close") << one.what;
    EXPECT_TRUE(connection.closes()) << one.what;
  }
}

TEST(Attacks, BodiesOfAmbiguousLengthAreRefused) {
  const std::string body = "{}";
  expect_refused({
      {"the same length twice", post("Content-Length: 2\r\nContent-Length: 2\r\n", body)},
      {"two lengths", post("Content-Length: 2\r\nContent-Length: 5\r\n", body)},
      {"a list of lengths", post("Content-Length: 2, 2\r\n", body)},
      {"length and coding", post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")},
      {"coding and length", post("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "2\r\n{}\r\n0\r\n\r\n")},
      {"chunked, identity", post("Transfer-Encoding: chunked, identity\r\n", "2\r\n{}\r\n0\r\n\r\n")},
      {"identity", post("Transfer-Encoding: identity\r\n", body)},
      {"gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")},
      {"chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")},
      {"space before the colon", post("Transfer-Encoding : chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")},
      {"vertical tab", post("Transfer-Encoding: \x0b"
                            "chunked\r\n",
                            "2\r\n{}\r\n0\r\n\r\n")},
      {"quoted", post("Transfer-Encoding: \"chunked\"\r\n", "2\r\n{}\r\n0\r\n\r\n")},
      {"a signed length", post("Content-Length: +2\r\n", body)},
      {"a negative length", post("Content-Length: -2\r\n", body)},
      {"a hexadecimal length", post("Content-Length: 0x2\r\n", body)},
      {"no length", post("Content-Length: \r\n", body)},
      {"chunked in HTTP/1.0",
       "POST /v1/auth/login HTTP/1.0\r\n" + kHost + kJson + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"},
  });
}

TEST(Attacks, MalformedChunksAreRefused) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  expect_refused({
      {"no size", post(chunked, "\r\n{}\r\n0\r\n\r\n")},
      {"a size beyond 64 bits", post(chunked, "FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n")},
      {"a negative size", post(chunked, "-1\r\n{}\r\n0\r\n\r\n")},
      {"a prefixed size", post(chunked, "0x10\r\n{}\r\n0\r\n\r\n")},
      {"an endless extension", post(chunked, "2;" + std::string(100'000, 'e') + "\r\n{}\r\n0\r\n\r\n")},
      {"no line end after the chunk", post(chunked, "2\r\n{}XX0\r\n\r\n")},
      {"bare line feeds", post(chunked, "2\n{}\n0\n\n")},
      {"a bare line feed in an extension", post(chunked, "2;a\nb\r\n{}\r\n0\r\n\r\n")},
      {"a bare line feed after an extension", post(chunked, "2;a\n{}\r\n0\r\n\r\n")},
      {"a bare carriage return in an extension", post(chunked, "2;a\rb\r\n{}\r\n0\r\n\r\n")},
      {"a bare line feed after the data", post(chunked, "2\r\n{}\n0\r\n\r\n")},
      {"a bare line feed in a trailer", post(chunked, "2\r\n{}\r\n0\r\nX: y\nZ: z\r\n\r\n")},
      {"a folded trailer", post(chunked, "2\r\n{}\r\n0\r\nX: y\r\n z\r\n\r\n")},
      {"a space before the size", post(chunked, " 2\r\n{}\r\n0\r\n\r\n")},
      {"a space after the size", post(chunked, "2 \r\n{}\r\n0\r\n\r\n")},
      {"an extension without its semicolon", post(chunked, "2 a=b\r\n{}\r\n0\r\n\r\n")},
  });
  // A body of the largest possible chunk size is refused as too large or as malformed. It is not read.
  const auto huge = call_raw(gateway().port(), post(chunked, "FFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n"));
  EXPECT_TRUE(huge.status == 400 || huge.status == 413) << huge.status;
}

TEST(Attacks, MalformedHeadsAreRefused) {
  const std::string get = "GET /livez HTTP/1.1\r\n";
  expect_refused({
      {"bare line feeds", "GET /livez HTTP/1.1\nHost: localhost\n\n"},
      {"one bare line feed", get + "Host: localhost\nX: y\r\n\r\n"},
      {"a carriage return in a name", get + kHost + "X\rY: z\r\n\r\n"},
      {"a carriage return in a value", get + kHost + "X: y\rz\r\n\r\n"},
      {"a folded field", get + kHost + "X: y\r\n z\r\n\r\n"},
      {"a folded first field", get + " X: y\r\n" + kHost + "\r\n"},
      {"space before the colon", get + "Host : localhost\r\n\r\n"},
      {"NUL in a value", get + kHost + std::string("X: y\0z\r\n\r\n", 10)},
      {"NUL in a name", get + kHost + std::string("X\0Y: z\r\n\r\n", 10)},
      {"a field without a colon", get + kHost + "nonsense\r\n\r\n"},
      {"a field without a name", get + kHost + ": x\r\n\r\n"},
      {"a method that is no token", "G(T /livez HTTP/1.1\r\n" + kHost + "\r\n"},
      {"HTTP/0.9", "GET /livez\r\n\r\n"},
      {"HTTP/9.9", "GET /livez HTTP/9.9\r\n" + kHost + "\r\n"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"lower-case version", "GET /livez http/1.1\r\n" + kHost + "\r\n"},
      {"two spaces", "GET  /livez HTTP/1.1\r\n" + kHost + "\r\n"},
      {"a tab", "GET\t/livez HTTP/1.1\r\n" + kHost + "\r\n"},
      {"a TLS greeting", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)},
      {"no Host", get + "\r\n"},
      {"an empty Host", get + "Host: \r\n\r\n"},
      {"two Hosts", get + kHost + kHost + "\r\n"},
      {"a Host with a path", get + "Host: localhost/x\r\n\r\n"},
      {"a Host with a name and password", get + "Host: a@b\r\n\r\n"},
      {"two tokens", get + kHost + "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"},
      {"two content types", post("Content-Type: application/json\r\nContent-Length: 2\r\n", "{}")},
      {"an unknown expectation", post("Expect: a pony\r\nContent-Length: 2\r\n", "{}")},
  });
}

TEST(Attacks, HeadsOverTheLimitsAreRefused) {
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  std::string fields;
  for (int i = 0; i < 64; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  expect_refused({
      {"a target of 64 KB", "GET /" + std::string(64 * 1024, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n", 414},
      {"a target over 8 KB", "GET /" + std::string(8 * 1024, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n", 414},
      {"an endless target", "GET /" + std::string(20'000, 'a'), 414},
      {"1000 fields", "GET /livez HTTP/1.1\r\n" + kHost + many + "\r\n", 431},
      {"65 fields", "GET /livez HTTP/1.1\r\n" + kHost + fields + "\r\n", 431},
      {"a field of 64 KB", "GET /livez HTTP/1.1\r\n" + kHost + "X: " + std::string(64 * 1024, 'a') + "\r\n\r\n", 431},
      {"a token of 100 KB",
       "GET /v1/profile/me HTTP/1.1\r\n" + kHost + "Authorization: Bearer " + std::string(100'000, 'a') + "\r\n\r\n",
       431},
  });
  const auto most = call(gateway().port(), {"GET", "/" + std::string(8 * 1024 - 1, 'a'), {}, ""});
  EXPECT_EQ(most.status, 404) << "8 KB is not too long";
}

TEST(Attacks, ABodyThatWouldBeTooLargeIsRefusedBeforeItComes) {
  expect_refused({
      {"expecting", post("Expect: 100-continue\r\nContent-Length: 10000000000\r\n", ""), 413},
      {"announced", post("Content-Length: 65537\r\n", ""), 413},
      {"beyond 64 bits", post("Content-Length: 99999999999999999999999\r\n", ""), 413},
      {"in one chunk", post("Transfer-Encoding: chunked\r\n", "10001\r\n" + std::string(65'537, ' ') + "\r\n0\r\n\r\n"),
       413},
  });
  std::string chunks;
  for (int i = 0; i < 80; ++i) chunks += "400\r\n" + std::string(1024, ' ') + "\r\n";
  expect_refused({{"in many chunks", post("Transfer-Encoding: chunked\r\n", chunks), 413}});
}

TEST(Attacks, AClientThatExpectsIsToldToContinue) {
  fake<LoginPlayer>().refuse(Code::invalid_credentials);
  const std::string body = R"({"username":"ada","password":"wrong horse"})";
  Connection connection(gateway().port());
  connection.send(post("Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n", ""));
  EXPECT_EQ(connection.read_bytes(25), "HTTP/1.1 100 Continue\r\n\r\n");
  connection.send(body);
  EXPECT_EQ(connection.read_answer().status, 401);
}

TEST(Attacks, ChunkedBodiesAreReadAndTrailersIgnored) {
  fake<LoginPlayer>().refuse(Code::invalid_credentials);
  Connection connection(gateway().port());
  connection.send(post("Transfer-Encoding: chunked\r\n",
                       "e\r\n{\"username\":\"a\r\n1d;x=y\r\nda\",\"password\":\"wrong horse\"}\r\n"
                       "0\r\nAuthorization: Bearer x\r\n\r\n"));
  EXPECT_EQ(connection.read_answer().status, 401);
  EXPECT_EQ(fake<LoginPlayer>().last().username, "ada");
  connection.send("GET /livez HTTP/1.1\r\n" + kHost + "\r\n");
  EXPECT_EQ(connection.read_answer().status, 200) << "the connection goes on after the trailer";
}

TEST(Attacks, APipelinedRequestIsARequestOfItsOwn) {
  Connection connection(gateway().port());
  connection.send("POST /v1/auth/logout HTTP/1.1\r\n" + kHost + "Content-Length: 0\r\n\r\nGET /livez HTTP/1.1\r\n" +
                  kHost + "\r\n");
  EXPECT_EQ(connection.read_answer().status, 401);
  EXPECT_EQ(connection.read_answer().status, 200);
}

TEST(Attacks, WhatDoesNotArriveIsGivenUp) {
  // All connections are opened first, so that their deadlines run at the same time.
  Connection silent(gateway().port());
  Connection half_head(gateway().port());
  half_head.send("GET /livez HTTP/1.1\r\nHost: loc");
  Connection half_body(gateway().port());
  half_body.send(post("Content-Length: 10\r\n", "12345"));
  Connection dripping(gateway().port());
  dripping.send("GET /livez HTTP/1.1\r\n");
  const auto start = std::chrono::steady_clock::now();
  bool cut = false;
  while (!cut && std::chrono::steady_clock::now() - start < std::chrono::seconds(20)) {
    dripping.send("X: y\r\n");
    cut = dripping.closes(400);
  }
  EXPECT_TRUE(cut) << "the deadline applies to the whole head, not to each byte";
  EXPECT_EQ(half_head.read_answer().status, 408);
  EXPECT_EQ(half_body.read_answer().status, 408);
  EXPECT_TRUE(half_head.closes());
  EXPECT_TRUE(half_body.closes());
  EXPECT_TRUE(silent.closes());
}

TEST(Attacks, CompressedBodiesAreRefused) {
  for (const auto* coding : {"gzip", "br", "deflate", "gzip, identity"}) {
    expect_refused(
        {{coding, post(std::string("Content-Encoding: ") + coding + "\r\nContent-Length: 2\r\n", "{}"), 415}});
  }
}

TEST(Attacks, OriginsWeDoNotKnowGetNothing) {
  const auto player = fresh_player();
  nobody_is_anywhere();
  const Fields preflight{{"Access-Control-Request-Method", "POST"},
                         {"Access-Control-Request-Headers", "authorization"}};
  for (const auto* origin :
       {"https://evil.example", "null", "https://game.example.evil.example", "http://game.example"}) {
    const auto asked = gateway().send("OPTIONS", "/v1/party", "", with(preflight, "Origin", origin));
    EXPECT_TRUE(asked.status == 403 || asked.status == 405) << origin;
    EXPECT_EQ(asked.header("access-control-allow-origin"), "") << origin;
    const auto answer = gateway().get("/v1/matchmaking/active", with(player.auth(), "Origin", origin));
    expect_problem(answer, 403, "origin_not_allowed");
    EXPECT_EQ(answer.header("access-control-allow-origin"), "") << origin;
  }
  const auto asked = gateway().send("OPTIONS", "/v1/party", "", with(preflight, "Origin", "https://game.example"));
  EXPECT_EQ(asked.status, 204);
  EXPECT_EQ(asked.header("access-control-allow-origin"), "https://game.example");
  EXPECT_EQ(asked.header("access-control-allow-credentials"), "");
  const auto answer = gateway().get("/v1/matchmaking/active", with(player.auth(), "Origin", "https://game.example"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("access-control-allow-origin"), "https://game.example");
  const auto expired =
      gateway().get("/v1/matchmaking/active", {{"Origin", "https://game.example"}, {"Authorization", "Bearer x"}});
  EXPECT_EQ(expired.status, 401);
  EXPECT_EQ(expired.header("access-control-allow-origin"), "https://game.example") << "its page may read the refusal";
  const auto own = "http://localhost:" + std::to_string(gateway().port());
  EXPECT_EQ(gateway().get("/livez", {{"Origin", own}}).status, 200) << "pages of the gateway itself are allowed";
}

TEST(Attacks, AHostThatIsNotServedHereIsMisdirected) {
  const auto status = [](const Instance& at, const std::string& host, const std::string& more = "",
                         const std::string& target = "/livez") {
    return call_raw(at.port(), "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n").status;
  };
  const auto port = std::to_string(gateway().port());
  for (const auto* host : {"localhost", "LocalHost", "localhost.", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8080",
                           "[0:0:0:0:0:0:0:1]"}) {
    EXPECT_EQ(status(gateway(), host), 200) << host;
  }
  for (const auto* host : {"evil.example", "evil.example:8080", "localhost.evil.example", "10.1.2.3", "[2001:db8::1]",
                           "127.1", "2130706433", "[localhost]", "localhost:0", "localhost:99999"}) {
    EXPECT_NE(status(gateway(), host), 200) << host;
  }
  // DNS rebinding: a foreign name that resolves to the gateway is no valid host, and its pages are a foreign origin.
  const auto rebound = "Origin: http://evil.example:" + port + "\r\n";
  expect_problem(
      call_raw(gateway().port(), "GET /livez HTTP/1.1\r\nHost: evil.example:" + port + "\r\n" + rebound + "\r\n"), 421,
      "misdirected_request");
  EXPECT_EQ(status(gateway(), "localhost:" + port, rebound), 403);
  EXPECT_EQ(status(gateway(), "localhost", "", "http://evil.example/livez"), 421);
  EXPECT_EQ(status(gateway(), "evil.example", "", "http://localhost/livez"), 421);

  Instance own([](Settings& settings) { settings.allowed_hosts = "Play.Example.org, 192.0.2.1:8080"; });
  for (const auto* host : {"play.example.org", "PLAY.example.ORG.:9999", "192.0.2.1:8080"})
    EXPECT_EQ(status(own, host), 200) << host;
  for (const auto* host : {"www.play.example.org", "192.0.2.1", "192.0.2.1:8081"})
    EXPECT_EQ(status(own, host), 421) << host;
  EXPECT_EQ(status(own, "play.example.org", "Origin: https://play.example.org\r\n"), 200) << "behind a proxy";
}

TEST(Attacks, AnAddressThatTheConnectionCameToIsServed) {
  Instance everywhere([](Settings& settings) { settings.listen_address = "0.0.0.0"; });
  const auto status = [&](const std::string& host) {
    return call_raw(everywhere.port(), "GET /livez HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status;
  };
  EXPECT_EQ(status("127.0.0.1"), 200);
  EXPECT_EQ(status("0.0.0.0"), 200) << "the address on which the gateway listens";
  EXPECT_EQ(status("198.51.100.7"), 421);
  EXPECT_EQ(status("evil.example"), 421);
}

TEST(Attacks, JsonThatIsNoneIs400) {
  const auto login = [](const std::string& body) { return gateway().send("POST", "/v1/auth/login", body); };
  std::vector<std::string> bodies{std::string(33, '['),
                                  std::string(10'000, '['),
                                  std::string(60'000, '['),
                                  std::string(33, '[') + std::string(33, ']'),
                                  R"({"username":"a","username":"b","password":"c"})",
                                  R"({"a":{"b":1,"b":2}})",
                                  "{\"username\":\"\xff\"}",
                                  "{\"username\":\"\xc0\xaf\"}",
                                  "{\"username\":\"\xed\xa0\x80\"}",
                                  R"({"username":"\ud800"})",
                                  R"({"username":"\udc00"})",
                                  "\xef\xbb\xbf{}",
                                  R"({"username":"a\u0000b"})",
                                  std::string("{\"username\":\"a\0b\"}", 18),
                                  R"({} x)",
                                  R"({}{})",
                                  R"({"a":1} // c)",
                                  R"(/* c */{})",
                                  R"({'a':1})",
                                  R"({"a":01})",
                                  R"({"a":+1})",
                                  R"({"a":.5})",
                                  R"({"a":NaN})",
                                  R"({"a":1,})",
                                  R"([1,])",
                                  R"({"a")",
                                  "nul",
                                  "\"",
                                  R"({"a":"\x"})",
                                  "{\"a\":\"\n\"}",
                                  std::string("{}\0junk", 7)};
  for (const auto& body : bodies) expect_problem(login(body), 400, "malformed_request");
  // JSON that is valid but not a login is refused with 422.
  for (const auto* body : {"[]", "1", "null", "\"x\"", "{}"}) expect_problem(login(body), 422, "invalid_fields");
}

TEST(Attacks, UnparseableComesBeforeUnauthenticatedBeforeInvalid) {
  const auto player = fresh_player();
  expect_problem(gateway().send("POST", "/v1/party", "{"), 400, "malformed_request");
  expect_problem(gateway().send("POST", "/v1/party", R"({"max_size":99})"), 401, "unauthorized");
  expect_problem(gateway().send("POST", "/v1/party", R"({"max_size":99})", player.auth()), 422, "invalid_fields");
  expect_problem(gateway().send("POST", "/v1/nowhere", "{}", {{"Authorization", "Bearer x"}}), 401, "unauthorized");
  expect_problem(gateway().send("POST", "/v1/nowhere", "{}"), 404, "not_found");
}

TEST(Attacks, EveryFieldRefusesEveryOtherType) {
  const auto player = fresh_player();
  fake<GetParty>().answer(party_of({player}));  // the player leads the party, and so may set any field
  const std::vector<std::string> wrong{"null",
                                       "true",
                                       "1",
                                       "1.5",
                                       "\"x\"",
                                       "[]",
                                       "{}",
                                       "2147483648",
                                       "9007199254740993",
                                       "18446744073709551616",
                                       "-9223372036854775809",
                                       "1e400"};
  struct Field {
    std::string method, target, name, rest;
    std::vector<std::string> fine;
  };
  const std::string party = "/v1/party/0190f0a0-0000-7000-8000-000000000001";
  const std::vector<Field> all{
      {"POST", "/v1/auth/login", "username", R"("password":"x")", {"\"x\""}},
      {"POST", "/v1/auth/login", "password", R"("username":"x")", {"\"x\""}},
      {"POST", "/v1/auth/register", "username", R"("email":"a@b.c","password":"12345678")", {}},
      {"POST", "/v1/auth/register", "email", R"("username":"ada","password":"12345678")", {}},
      {"POST", "/v1/auth/refresh", "refresh_token", "", {"\"x\""}},
      {"POST", "/v1/party", "max_size", "", {"null", "1"}},
      {"POST", "/v1/party", "is_public", "", {"null", "true"}},
      {"POST", "/v1/party", "region", "", {"null"}},
      {"PATCH", "/v1/profile/me", "preferences", "", {"null", "{}"}},
      {"POST", party + "/kick", "player_id", "", {}},
      {"POST", party + "/chat", "text", "", {"\"x\""}},
      {"POST", party + "/ready", "ready", "", {"null", "true"}},
      {"POST", "/v1/matchmaking/queue", "mode", "", {"\"x\""}},
      {"POST", "/v1/matchmaking/queue", "team_size", R"("mode":"ranked")", {"null", "1"}},
      {"POST", "/v1/matchmaking/queue", "latencies", R"("mode":"ranked")", {"null", "{}"}},
  };
  for (const auto& field : all) {
    for (const auto& value : wrong) {
      if (std::find(field.fine.begin(), field.fine.end(), value) != field.fine.end()) continue;
      const auto body = "{\"" + field.name + "\":" + value + (field.rest.empty() ? "" : "," + field.rest) + "}";
      const bool open = field.target.starts_with("/v1/auth/");
      const auto answer = gateway().send(field.method, field.target, body, open ? Fields{} : player.auth());
      // JSON readers treat 1e400 differently, so it may be refused as malformed or as a wrong value.
      const bool refused = answer.status == 422 || (value == "1e400" && answer.status == 400);
      EXPECT_TRUE(refused) << field.target << " " << body << " " << answer.status;
      if (answer.status != 422) continue;
      EXPECT_EQ(answer.at("errors/0/pointer").substr(0, field.name.size() + 1), "/" + field.name) << answer.body;
    }
  }
}

TEST(Attacks, OtherContentTypesAre415) {
  const auto send = [](const std::string& type) {
    const auto field = type.empty() ? "" : "Content-Type: " + type + "\r\n";
    return call_raw(gateway().port(),
                    "POST /v1/auth/login HTTP/1.1\r\n" + kHost + field + "Content-Length: 2\r\n\r\n{}");
  };
  for (const auto* type :
       {"", "text/plain", "application/xml", "application/json; charset=utf-16", "application/json; charset=latin1",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "json"}) {
    expect_problem(send(type), 415, "unsupported_media_type");
  }
  for (const auto* type : {"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8",
                           "application/json ; charset=\"utf-8\""}) {
    EXPECT_EQ(send(type).status, 422) << type;
  }
}

TEST(Attacks, TargetsAreDecodedStrictly) {
  for (const auto* target :
       {"/v1/%zz", "/v1/%2", "/v1/%", "/v1/%00", "/v1/%0a", "/v1/%ff", "/v1/%c0%af", "/livez?a=%zz", "/livez?%00=1",
        "livez", "*", "http://", "/a\"b", "/a<b", "/a^b", "/a{b}", "/a|b", "/a\\b", "/a#b"}) {
    const auto status = call(gateway().port(), {"GET", target, {}, ""}).status;
    EXPECT_TRUE(status == 400 || (std::string_view(target) == "http://" && status == 421)) << target << " " << status;
  }
  EXPECT_EQ(gateway().get("http://localhost/livez").status, 200);
  EXPECT_EQ(gateway().get("/%6civez").status, 200) << "an unreserved character may be encoded";
  EXPECT_EQ(gateway().get("/v1/../livez").status, 404);
  EXPECT_EQ(gateway().get("//livez").status, 404);
  EXPECT_EQ(gateway().get("/livez/").status, 404);
  expect_problem(gateway().get("/livez?verbose=1"), 422, "invalid_fields");
}

TEST(Attacks, AConnectionServesManyRequestsAndEndsWhenAsked) {
  Connection connection(gateway().port());
  for (int i = 0; i < 50; ++i) {
    connection.send("GET /livez HTTP/1.1\r\n" + kHost + "\r\n");
    ASSERT_EQ(connection.read_answer().status, 200);
  }
  connection.send("GET /livez HTTP/1.1\r\n" + kHost + "Connection: close\r\n\r\n");
  EXPECT_EQ(connection.read_answer().header("connection"), "close");
  EXPECT_TRUE(connection.closes());
  Connection old(gateway().port());
  old.send("GET /livez HTTP/1.0\r\n" + kHost + "\r\n");
  EXPECT_EQ(old.read_answer().status, 200);
  EXPECT_TRUE(old.closes()) << "HTTP/1.0 closes unless asked otherwise";
}

TEST(Attacks, LongValuesDoNotReachTheLogsOrHeaders) {
  const auto answer =
      gateway().get("/livez", {{"X-Request-Id", std::string(5'000, 'a')}, {"User-Agent", std::string(5'000, 'u')}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_LT(answer.header("x-request-id").size(), 129u);
}

}  // namespace
}  // namespace mm::gateway::testing
