// Tests of refresh tokens, keys and client frames, and of the schemas and documents made from the field lists.
#include "services/gateway/logins/tokens.h"

#include <gtest/gtest.h>

#include "common/contracts/lobby.h"
#include "common/wire/schema.h"
#include "services/gateway/docs/asyncapi.h"
#include "services/gateway/docs/openapi.h"
#include "services/gateway/handlers/routes.h"
#include "services/gateway/sockets/frames.h"

namespace mm::gateway {
namespace {

const std::string kKey = "0123456789abcdefghijklmnopqrstuvwxyz";
const std::string kNewKey = "zyxwvutsrqponmlkjihgfedcba9876543210";

RefreshClaims claims() { return {default_tenant(), LoginId::fresh(TimePoint{}), 7}; }

TEST(RefreshTokens, CarryTheirClaimsAndCannotBeForged) {
  const Tokens tokens({kKey}, {kKey});
  const auto said = claims();
  const auto token = tokens.refresh_token(said);
  const auto read = tokens.read_refresh(token);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->login, said.login);
  EXPECT_EQ(read->generation, 7u);
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto touched = token;
    touched[i] = touched[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tokens.read_refresh(touched).has_value()) << i;
  }
  EXPECT_FALSE(Tokens({kNewKey}, {kKey}).read_refresh(token).has_value());
  for (const auto* text : {"", "r1.", "r1..", "r1.default.", "r1.default.AAAA", "r2.default.AAAA", "r1.DEFAULT.AAAA"}) {
    EXPECT_FALSE(tokens.read_refresh(text).has_value());
  }
}

TEST(RefreshTokens, CanBeReissuedWithTheKeyThatSignedThem) {
  const Tokens before({kKey}, {kKey});
  const Tokens after({kNewKey, kKey}, {kKey});
  const auto said = claims();
  const auto token = before.refresh_token(said);
  EXPECT_EQ(after.refresh_token_with(said, Tokens::digest(token)), token);
  EXPECT_NE(after.refresh_token(said), token);
  EXPECT_TRUE(after.read_refresh(token).has_value());
  EXPECT_FALSE(after.refresh_token_with(said, Tokens::digest("another")).has_value());
}

TEST(Keys, AreSeparatedBySpacesAndHaveAMinimumLength) {
  EXPECT_EQ(parse_keys(kNewKey + " " + kKey)->size(), 2u);
  EXPECT_FALSE(parse_keys("").ok());
  EXPECT_FALSE(parse_keys("short").ok());
  EXPECT_FALSE(parse_keys(kKey + " short").ok());
}

TEST(ClientFrames, BecomeTheMatchingRequest) {
  const std::string id = "0190f0a0-0000-7000-8000-000000000001";
  const auto command = [](const std::string& text) { return read_command(*read_client_frame(text), routes()); };
  auto made = command(R"({"type":"enqueue","mode":"ranked","ref":"r"})");
  EXPECT_EQ(made->route->path, "/v1/matchmaking/queue");
  EXPECT_EQ(made->body_text, R"({"mode":"ranked"})");
  EXPECT_EQ(command(R"({"type":"enqueue","mode":"ranked","party_id":")" + id + "\"}")->route->path, "/v1/party/queue");
  made = command(R"({"type":"ready","party_id":")" + id + R"(","ready":false})");
  EXPECT_EQ(made->parts.path, (std::vector<std::pair<std::string, std::string>>{{"party_id", id}}));
  EXPECT_EQ(made->body_text, R"({"ready":false})");
  made = command(R"({"type":"cancel","party_id":")" + id + "\"}");
  EXPECT_EQ(made->route->method, "DELETE");
  EXPECT_EQ(made->parts.query.size(), 1u);
  EXPECT_EQ(command(R"({"type":"cancel","ticket_id":"../x"})").error().code, Code::not_found);
  EXPECT_EQ(command(R"({"type":"loaded"})").error().code, Code::invalid_fields);
  for (const auto* text : {"", "[]", "{", "1", R"({"a":1,"a":2})"}) EXPECT_FALSE(read_client_frame(text).ok()) << text;
}

TEST(Schema, DescribesTheFieldList) {
  wire::Schemas schemas(wire::Audience::client);
  const auto entry = wire::object_schema(schemas.properties<EnterQueue>(), true);
  EXPECT_EQ(entry.find("ticket_id"), std::string::npos) << "internal fields are not published";
  EXPECT_NE(entry.find(R"("required":["mode"])"), std::string::npos);
  EXPECT_NE(entry.find(R"("additionalProperties":false)"), std::string::npos);
  EXPECT_NE(entry.find(R"("team_size":{"type":"integer","minimum":1,"maximum":100})"), std::string::npos);
  EXPECT_NE(entry.find(R"("pattern":"^[a-z0-9_]{1,32}$")"), std::string::npos);
  EXPECT_EQ(schemas.of<Party>(), R"({"$ref":"#/components/schemas/Party"})");
  EXPECT_NE(schemas.named().at("Party").find(R"("enum":["idle","queued","in_match"])"), std::string::npos);
  EXPECT_TRUE(schemas.named().contains("PartyMember"));
  const auto creation = wire::object_schema(schemas.properties<CreateParty>(), true);
  EXPECT_NE(creation.find(R"("max_size":{"type":"integer","minimum":1,"maximum":10,"default":5})"), std::string::npos);
  EXPECT_NE(creation.find(R"("is_public":{"type":"boolean","default":true})"), std::string::npos);
  wire::Schemas bus(wire::Audience::bus);
  EXPECT_NE(wire::object_schema(bus.properties<EnterQueue>(), false).find("ticket_id"), std::string::npos);
}

/// Checks that every {"$ref":"#/…"} resolves within the document.
void expect_references_resolve(const json::Document& document) {
  int found = 0;
  const std::function<void(const json::Value&)> walk = [&](const json::Value& value) {
    if (value.is(json::Kind::array)) value.each_element(walk);
    if (!value.is(json::Kind::object)) return;
    value.each_member([&](std::string_view key, const json::Value& member) {
      if (key != "$ref") return walk(member);
      ++found;
      std::optional<json::Value> at = document.root();
      auto path = member.string().substr(2);
      while (at && !path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        at = at->find(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
      }
      EXPECT_TRUE(at.has_value()) << member.string();
    });
  };
  walk(document.root());
  EXPECT_GT(found, 10);
}

TEST(Documents, NameEveryRouteAndResolveTheirReferences) {
  const auto openapi = json::Document::parse(docs::openapi_document(routes()), {32, 1'000'000});
  ASSERT_TRUE(openapi.ok());
  for (const auto& route : routes()) {
    const auto path = openapi->root().find("paths")->find(route.path);
    ASSERT_TRUE(path.has_value()) << route.path;
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(c + ('a' - 'A'));
    const auto operation = path->find(method);
    ASSERT_TRUE(operation.has_value()) << route.method << " " << route.path;
    EXPECT_TRUE(operation->find("responses")->find(std::to_string(route.status)).has_value());
  }
  expect_references_resolve(*openapi);
  const auto asyncapi = json::Document::parse(docs::asyncapi_document(), {32, 1'000'000});
  ASSERT_TRUE(asyncapi.ok());
  expect_references_resolve(*asyncapi);
}

}  // namespace
}  // namespace mm::gateway
