// Tests of encoding and decoding structs by their field lists: limits, paths of errors, and fields of HTTP requests.
#include "common/wire/codec.h"

#include <gmock/gmock.h>

#include "common/contracts/profile.h"
#include "tests/unit/wire/everything.h"

namespace mm::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::string_view kGood =
    R"({"truth":true,"count":3,"large":9223372036854775807,"real":0.5,"rating":1512.4,"text":"hey","name":"x",)"
    R"("player":"01890a5d-ac96-774b-bcce-b302099a8057","mode":"ranked","colour":"GREEN","at":"2026-01-31T23:59:59.123Z",)"
    R"("raw":{"a":[1,2.50]},"inner":{"number":1},"list":[{"number":2},{"number":3}],"table":[[1],[],[2,3]],)"
    R"("by_mode":{"casual":1.5,"ranked":2},"maybe":7,"null_or_number":null})";

/// kGood with one member's value replaced, or without the member.
std::string with(const std::string& key, const std::optional<std::string>& value) {
  const auto document = *json::Document::parse(kGood);
  json::Writer writer;
  writer.begin_object();
  document.root().each_member([&](std::string_view name, const json::Value& member) {
    if (name == key && !value) return;
    writer.key(name);
    writer.raw(name == key ? *value : member.text());
  });
  writer.end_object();
  return writer.take();
}

std::vector<FieldError> errors_of(std::string_view text) {
  const auto decoded = decode<Everything>(text, Unknown::refused);
  if (decoded) return {};
  EXPECT_EQ(decoded.error().code, Code::invalid_fields) << text;
  return decoded.error().errors;
}

std::string only_error(std::string_view text) {
  const auto errors = errors_of(text);
  if (errors.size() != 1) return std::to_string(errors.size()) + " errors";
  return errors[0].pointer + " " + errors[0].detail;
}

TEST(Codec, RoundTripsEveryKindOfField) {
  const auto decoded = decode<Everything>(kGood, Unknown::refused);
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(decoded->list.size(), 2U);
  EXPECT_EQ(decoded->by_mode.at(*Mode::parse("casual")), 1.5);
  EXPECT_EQ(decoded->raw.text, R"({"a":[1,2.50]})");
  EXPECT_FALSE(decoded->null_or_number);
  EXPECT_EQ(encode(*decoded), kGood);
}

TEST(Codec, OmitsAbsentFields) {
  auto decoded = *decode<Everything>(with("maybe", std::nullopt), Unknown::refused);
  EXPECT_FALSE(decoded.maybe);
  EXPECT_EQ(encode(decoded).find("maybe"), std::string::npos);
  EXPECT_FALSE(decode<Everything>(with("maybe", "null"), Unknown::refused)->maybe) << "null counts as absent";
  EXPECT_EQ(decode<Everything>(with("name", std::nullopt), Unknown::refused)->name, "none");
  EXPECT_EQ(decode<Everything>(with("name", "null"), Unknown::refused)->name, "none");
}

TEST(Codec, ANullableFieldMustBePresent) {
  EXPECT_EQ(only_error(with("null_or_number", std::nullopt)), "/null_or_number is missing");
  EXPECT_EQ(decode<Everything>(with("null_or_number", "4"), Unknown::refused)->null_or_number, 4);
}

TEST(Codec, NamesEachFieldOfTheWrongType) {
  const std::map<std::string, std::vector<std::string>> wrong{
      {"truth", {"null", "1", "1.5", "\"true\"", "[]", "{}"}},
      {"count", {"null", "true", "1.5", "\"1\"", "[]", "{}", "1e0", "1.0"}},
      {"large", {"null", "false", "1.5", "\"1\"", "[1]", "{}"}},
      {"real", {"null", "true", "\"1\"", "[]", "{}"}},
      {"text", {"null", "true", "1", "1.5", "[]", "{}"}},
      {"name", {"true", "1", "[]", "{}"}},
      {"player", {"null", "true", "1", "1.5", "\"\"", "\"x\"", "[]", "{}", "\"01890A5D-AC96-774B-BCCE-B302099A8057\""}},
      {"mode", {"null", "true", "1", "\"\"", "\"Ranked\"", "[]", "{}"}},
      {"colour", {"null", "true", "1", "\"red\"", "\"\"", "[]", "{}"}},
      {"at", {"null", "true", "1", "\"yesterday\"", "\"2026-02-30T00:00:00Z\"", "[]", "{}"}},
      {"raw", {"null", "true", "1", "\"{}\"", "[]"}},
      {"inner", {"null", "true", "1", "\"x\"", "[]"}},
      {"list", {"null", "true", "1", "\"x\"", "{}"}},
      {"table", {"null", "true", "1", "\"x\"", "{}"}},
      {"by_mode", {"null", "true", "1", "\"x\"", "[]"}},
      {"maybe", {"true", "1.5", "\"1\"", "[]", "{}"}},
  };
  for (const auto& [field, values] : wrong) {
    for (const auto& value : values) {
      EXPECT_THAT(only_error(with(field, value)), StartsWith("/" + field + " must ")) << field << " = " << value;
    }
  }
}

TEST(Codec, NamesMissingFields) {
  for (const auto* field :
       {"truth", "count", "real", "text", "player", "mode", "colour", "at", "raw", "inner", "list"}) {
    EXPECT_EQ(only_error(with(field, std::nullopt)), "/" + std::string(field) + " is missing");
  }
  EXPECT_THAT(errors_of("{}"), SizeIs(16)) << "the number of errors in an answer is limited";
  EXPECT_EQ(only_error("[]"), " must be an object, not array");
  EXPECT_EQ(decode<Everything>("[]", Unknown::refused).error().detail, "The body must be an object, not array");
}

TEST(Codec, ChecksRanges) {
  EXPECT_EQ(only_error(with("count", "11")), "/count must be from 0 to 10");
  EXPECT_EQ(only_error(with("count", "-1")), "/count must be from 0 to 10");
  for (const auto* large : {"2147483648", "9007199254740993", "18446744073709551616", "-9223372036854775809"}) {
    EXPECT_THAT(only_error(with("count", large)), StartsWith("/count must be")) << large;
  }
  EXPECT_THAT(only_error(with("large", "9223372036854775808")), StartsWith("/large must be an integer"));
  EXPECT_EQ(only_error(with("by_mode", R"({"ranked":101})")), "/by_mode/ranked must be from 0 to 100");
}

TEST(Codec, CountsCodePointsAndBytes) {
  const std::string dice = "\xF0\x9F\x8E\xB2";
  EXPECT_THAT(errors_of(with("text", "\"" + dice + dice + dice + dice + "\"")), IsEmpty());
  EXPECT_EQ(only_error(with("text", "\"123456\"")), "/text must have 0 to 5 characters");
  EXPECT_EQ(only_error(with("text", "\"" + dice + dice + dice + dice + dice + "\"")), "/text must have 0 to 16 bytes");
}

TEST(Codec, RefusesControlCharactersInPrintableText) {
  for (const auto* text : {R"("a\nb")", R"("\u001b[1m")", R"("\u007f")", R"("\u0085")", R"("\r")"}) {
    EXPECT_EQ(only_error(with("text", text)), "/text must not contain control characters") << text;
  }
  EXPECT_THAT(errors_of(with("text", "\"\xC2\xA0\"")), IsEmpty()) << "U+00A0 is not a control character any more";
}

TEST(Codec, PointsIntoArraysAndMaps) {
  EXPECT_EQ(only_error(with("list", R"([{"number":1},{"number":"x"}])")),
            "/list/1/number must be an integer, not string");
  EXPECT_EQ(only_error(with("list", R"([{},{"number":1}])")), "/list/0/number is missing");
  EXPECT_EQ(only_error(with("table", "[[1],[2,null]]")), "/table/1/1 must be an integer, not null");
  EXPECT_EQ(only_error(with("by_mode", R"({"No":1})")), "/by_mode/No must match ^[a-z0-9_]{1,32}$");
  EXPECT_EQ(only_error(with("list", R"([{"number":1},{"number":1},{"number":1},{"number":1}])")),
            "/list must have 0 to 3 entries");
}

TEST(Codec, LimitsTheSizeOfRawJson) {
  EXPECT_EQ(only_error(with("raw", R"({"a":"0123456789012345678901234567890"})")), "/raw must be at most 32 bytes");
  EXPECT_THAT(errors_of(with("raw", "{ \"a\" : \"spaces do not count\" }")), IsEmpty());
}

TEST(Codec, UnknownFieldsAreRefusedFromClientsAndIgnoredAmongDaemons) {
  auto text = std::string(kGood);
  text.insert(text.size() - 1, R"(,"a/b~c":1)");
  EXPECT_EQ(only_error(text), "/a~1b~0c is not a known field");
  EXPECT_TRUE(decode<Everything>(text, Unknown::ignored));
  EXPECT_EQ(only_error(with("inner", R"({"number":1,"x":2})")), "/inner/x is not a known field");
}

TEST(Codec, LimitsTheErrorsForHostileKeys) {
  const auto errors = errors_of("{\"" + std::string(10'000, 'k') + "\":1}");
  for (const auto& error : errors) EXPECT_LE(error.pointer.size(), 100U);
  std::string many = "{";
  for (int i = 0; i < 5'000; ++i) many += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
  EXPECT_LE(errors_of(many + "}").size(), 16U);
}

TEST(Codec, ReportsInvalidJsonAsMalformed) {
  for (const auto* text : {"{", "{} {}", "{\"a\":1,\"a\":2}", "\xEF\xBB\xBF{}", "nonsense"}) {
    const auto decoded = decode<Everything>(text, Unknown::ignored);
    ASSERT_FALSE(decoded) << text;
    EXPECT_EQ(decoded.error().code, Code::malformed_request);
    EXPECT_THAT(decoded.error().detail, HasSubstr("at byte")) << text;
  }
}

TEST(HttpDecoding, ReadsEachFieldFromItsPlace) {
  const auto request = decode_http<SampleRequest>(
      {R"({"body":{"number":5}})", {{"path", "p"}}, {{"limit", "20"}, {"flag", "true"}, {"cursor", "c=1"}}});
  ASSERT_TRUE(request) << request.error().detail;
  EXPECT_EQ(request->path, "p");
  EXPECT_EQ(request->limit, 20);
  EXPECT_EQ(request->flag, true);
  EXPECT_EQ(request->cursor, "c=1");
  EXPECT_EQ(request->body->number, 5);
  EXPECT_TRUE(decode_http<SampleRequest>({"", {{"path", "p"}}, {}})) << "an empty body counts as {}";
}

TEST(HttpDecoding, RefusesAFieldInTheWrongPlace) {
  const auto pointer = [](const HttpParts& parts) {
    const auto request = decode_http<SampleRequest>(parts);
    return request ? std::string("accepted")
                   : request.error().errors.at(0).pointer + " " + request.error().errors.at(0).detail;
  };
  EXPECT_EQ(pointer({R"({"limit":20})", {{"path", "p"}}, {}}), "/limit is not a known field");
  EXPECT_EQ(pointer({R"({"path":"q"})", {{"path", "p"}}, {}}), "/path is not a known field");
  EXPECT_EQ(pointer({"{}", {{"path", "p"}}, {{"body", "{}"}}}), "/body is not a known query parameter");
  EXPECT_EQ(pointer({"{}", {{"path", "p"}}, {{"limt", "1"}}}), "/limt is not a known query parameter");
  EXPECT_EQ(pointer({"{}", {{"path", "p"}}, {{"limit", "1"}, {"limit", "2"}}}), "/limit is given twice");
  EXPECT_EQ(pointer({"{}", {}, {}}), "/path is missing");
}

TEST(HttpDecoding, RefusesInternalFieldsAtAnyDepth) {
  const std::string player = R"("01890a5d-ac96-774b-bcce-b302099a8057")";
  const auto on_top = decode_http<SampleRequest>({R"({"acting":)" + player + "}", {{"path", "p"}}, {}});
  ASSERT_FALSE(on_top);
  EXPECT_EQ(on_top.error().errors.at(0).pointer, "/acting");
  const auto inside = decode_http<SampleRequest>({R"({"body":{"number":1,"hidden":"x"}})", {{"path", "p"}}, {}});
  ASSERT_FALSE(inside);
  EXPECT_EQ(inside.error().errors.at(0).pointer, "/body/hidden");
  const auto among_daemons =
      decode<SampleRequest>(R"({"path":"p","limit":3,"acting":)" + player + "}", Unknown::refused);
  ASSERT_TRUE(among_daemons) << "over NATS they are ordinary fields";
  EXPECT_EQ(among_daemons->limit, 3);
}

TEST(HttpDecoding, ChecksTheLimitsOfQueryParameters) {
  for (const auto* limit :
       {"0", "101", "-1", "1e9", "1.5", "", "x", "null", "[1]", "\"1\"", "0x10", "99999999999999999999"}) {
    const auto request = decode_http<SampleRequest>({"", {{"path", "p"}}, {{"limit", limit}}});
    ASSERT_FALSE(request) << limit;
    EXPECT_EQ(request.error().code, Code::invalid_fields);
    EXPECT_EQ(request.error().errors.at(0).pointer, "/limit") << limit;
  }
}

TEST(HttpDecoding, RefusesInvalidUtf8AndNul) {
  for (const auto& bytes : {std::string("a\0b", 3), std::string("\xFF"), std::string("\xED\xA0\x80")}) {
    EXPECT_FALSE(decode_http<SampleRequest>({"", {{"path", bytes}}, {}}));
    EXPECT_FALSE(decode_http<SampleRequest>({"", {{"path", "p"}}, {{"cursor", bytes}}}));
  }
  EXPECT_THAT(decode_http<SampleRequest>({"", {{"path", "p"}}, {{"cursor", std::string("a\0b", 3)}}}).error().errors,
              ElementsAre(FieldError{"/cursor", "must be UTF-8 without NUL"}));
}

}  // namespace
}  // namespace mm::wire
