// Tests of the JSON reader and writer, including malformed and hostile documents.
#include "common/wire/json.h"

#include <gtest/gtest.h>

#include <limits>

namespace mm::json {
namespace {

bool accepts(std::string_view text) { return Document::parse(text).ok(); }

std::string refusal(std::string_view text, ReadLimits limits = {}) {
  const auto document = Document::parse(text, limits);
  return document ? "accepted" : document.error().detail;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonReader, ReadsEveryKind) {
  const auto document = Document::parse(R"( {"a":[1,-2.5e3,"x\n\u00e9\ud83c\udfb2",true,null],"b":{}} )");
  ASSERT_TRUE(document);
  const auto root = document->root();
  ASSERT_TRUE(root.is(Kind::object));
  EXPECT_EQ(root.size(), 2U);
  EXPECT_FALSE(root.find("c"));
  EXPECT_TRUE(root.find("b")->is(Kind::object));
  std::vector<Value> items;
  root.find("a")->each_element([&](const Value& item) { items.push_back(item); });
  ASSERT_EQ(items.size(), 5U);
  EXPECT_EQ(items[0].integer(), 1);
  EXPECT_EQ(items[1].real(), -2500.0);
  EXPECT_FALSE(items[1].integer());
  EXPECT_EQ(items[2].string(), "x\n\xC3\xA9\xF0\x9F\x8E\xB2");
  EXPECT_TRUE(items[3].boolean());
  EXPECT_TRUE(items[4].is(Kind::null));
}

TEST(JsonReader, StopsAtTheDepthLimit) {
  EXPECT_TRUE(accepts(nested(32)));
  EXPECT_EQ(refusal(nested(33)), "nested too deeply");
  EXPECT_EQ(refusal(nested(10'000)), "nested too deeply");
  EXPECT_EQ(refusal(std::string(200'000, '[')), "nested too deeply");
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += R"({"a":)";
  EXPECT_EQ(refusal(objects), "nested too deeply");
}

TEST(JsonReader, StopsAtTheNodeLimit) {
  std::string wide = "[0";
  for (int i = 0; i < 20'000; ++i) wide += ",0";
  wide += "]";
  EXPECT_EQ(refusal(wide), "too many values");
  EXPECT_EQ(refusal(wide, {32, 1'000'000}), "accepted");
}

TEST(JsonReader, RefusesDuplicateKeysAtAnyDepthAndInAnySpelling) {
  EXPECT_EQ(refusal(R"({"mode":"a","mode":"b"})"), "duplicate key");
  EXPECT_EQ(refusal(R"({"a":[{"x":1,"y":2,"x":3}]})"), "duplicate key");
  EXPECT_EQ(refusal(R"({"mode":1,"\u006dode":2})"), "duplicate key");
  EXPECT_EQ(refusal(R"({"":1,"":2})"), "duplicate key");
  EXPECT_TRUE(accepts(R"({"a":{"x":1},"b":{"x":1}})"));
  EXPECT_TRUE(accepts(R"({"a":{"a":{"a":1}}})"));
}

TEST(JsonReader, RefusesInvalidUtf8) {
  for (const std::string bytes :
       {"\xFF", "\xC3", "\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xF0\x80\x80\x80", "\xED\xA0\x80", "\xED\xB0\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3(", "\xE2\x82"}) {
    EXPECT_FALSE(accepts("\"" + bytes + "\"")) << bytes;
    EXPECT_FALSE(accepts("{\"" + bytes + "\":1}")) << bytes;
  }
  EXPECT_TRUE(accepts("\"\xF4\x8F\xBF\xBF\""));
}

TEST(JsonReader, RefusesLoneSurrogates) {
  for (const auto* text : {R"("\ud800")", R"("\udbff")", R"("\udc00")", R"("\udfff")", R"("\ud800x")", R"("\ud800\n")",
                           R"("\ud800\ud800")", R"("\udc00\ud800")", R"({"\udc00":1})", R"("x\udc00y")"}) {
    EXPECT_FALSE(accepts(text)) << text;
  }
  EXPECT_TRUE(accepts(R"("\ud83c\udfb2")"));
  EXPECT_TRUE(accepts(R"("\ud7ff\ue000")")) << "these code points are next to the surrogates";
}

TEST(JsonReader, RefusesNulAndByteOrderMarks) {
  EXPECT_EQ(refusal(R"("\u0000")"), "NUL in a string");
  EXPECT_EQ(refusal(R"({"a\u0000b":1})"), "NUL in a string");
  EXPECT_EQ(refusal(std::string("{}\0junk", 7)), "NUL byte");
  EXPECT_EQ(refusal(std::string("\0{}", 3)), "NUL byte");
  EXPECT_FALSE(accepts("\xEF\xBB\xBF{}"));
  EXPECT_FALSE(accepts("\xFF\xFE{\x01"));
}

TEST(JsonReader, RefusesInvalidJson) {
  for (const auto* text :
       {"",     " ",     "{} {}",    "{}x",    "[1],",      "{'a':1}",   "{a:1}",       "{\"a\":1,}",
        "[1,]", "[,]",   "/**/{}",   "{}//x",  "{\"a\"}",   "{\"a\":}",  "[",           "]",
        "{",    "}",     "\"",       "nul",    "True",      "NaN",       "Infinity",    "-Infinity",
        "-",    "+1",    "01",       "-01",    ".5",        "1.",        "1e",          "1e+",
        "0x10", "1_000", "\"\x01\"", "\"\t\"", "\"\\x41\"", "\"\\u12\"", "\"\\u{41}\"", "undefined"}) {
    EXPECT_FALSE(accepts(text)) << text;
  }
}

TEST(JsonReader, ReportsTheOffsetOfAnError) {
  const auto document = Document::parse(R"({"a":1 "b":2})");
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().offset, 7U);
}

TEST(JsonReader, KeepsNumbersExact) {
  const auto number = [](const std::string& text) { return *Document::parse(text); };
  EXPECT_EQ(number("9223372036854775807").root().integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(number("-9223372036854775808").root().integer(), std::numeric_limits<std::int64_t>::min());
  for (const auto* large : {"9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e3", "1.0"}) {
    EXPECT_FALSE(number(large).root().integer()) << large;
  }
  EXPECT_EQ(number("18446744073709551616").root().real(), 18446744073709551616.0);
  EXPECT_EQ(number("9007199254740993").root().integer(), 9007199254740993);
  EXPECT_EQ(number("0.30000000000000004").root().real(), 0.30000000000000004);
  EXPECT_EQ(number("-0").root().integer(), 0);
}

TEST(JsonReader, RefusesNumbersThatOverflow) {
  EXPECT_FALSE(accepts("1e400"));
  EXPECT_FALSE(accepts("-1e400"));
  EXPECT_FALSE(accepts("[1e99999999999]"));
  // RapidJSON 1.1 crashes on this text where it converts numbers itself.
  const auto tiny = Document::parse("128.74836467836484838364836483643636483648e-336");
  ASSERT_TRUE(tiny);
  EXPECT_FALSE(tiny->root().integer());
  const auto real = tiny->root().real();
  EXPECT_TRUE(!real || *real == 0.0 || *real < 1e-300);
  const auto long_one = Document::parse("0." + std::string(60'000, '1'));
  ASSERT_TRUE(long_one);
  EXPECT_EQ(long_one->root().real(), 0.1111111111111111);
}

TEST(JsonReader, CanBeMoved) {
  auto first = *Document::parse(R"({"a":"text"})");
  const auto second = std::move(first);
  EXPECT_EQ(second.root().find("a")->string(), "text");
}

TEST(JsonWriter, WritesCompactly) {
  Writer writer;
  writer.begin_object();
  writer.key("a");
  writer.begin_array();
  writer.integer(-1);
  writer.real(1512.4);
  writer.real(2.0);
  writer.boolean(false);
  writer.null();
  writer.raw(R"({"raw":[1]})");
  writer.string("quote \" slash \\ line \n");
  writer.end_array();
  writer.key("");
  writer.begin_object();
  writer.end_object();
  writer.end_object();
  EXPECT_EQ(writer.take(), R"({"a":[-1,1512.4,2,false,null,{"raw":[1]},"quote \" slash \\ line \n"],"":{}})");
  writer.raw("7");
  EXPECT_EQ(writer.take(), "7") << "the writer starts again after take()";
}

TEST(JsonWriter, WritesOnlyValidNumbers) {
  const auto real = [](double value, std::optional<int> decimals = std::nullopt) {
    Writer writer;
    writer.real(value, decimals);
    return writer.take();
  };
  EXPECT_EQ(real(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(real(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(real(-0.0), "0");
  EXPECT_EQ(real(-0.001, 2), "0");
  EXPECT_EQ(real(0.1), "0.1");
  EXPECT_EQ(real(1500.456, 2), "1500.46");
  EXPECT_EQ(real(1e300, 2), "1e+300");
  EXPECT_TRUE(accepts(real(std::numeric_limits<double>::max())));
  EXPECT_TRUE(accepts(real(std::numeric_limits<double>::denorm_min())));
}

TEST(JsonWriter, ReplacesInvalidUtf8) {
  const auto written = [](std::string_view text) {
    Writer writer;
    writer.string(text);
    return writer.take();
  };
  EXPECT_EQ(written("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(written("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(written("\xED\xA0\x80!"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD!\"");
  EXPECT_TRUE(accepts(written("\xF0\x9F\x8E\xB2 \xF0\x9F\x8E")));
}

TEST(CleanText, IsUtf8WithoutNul) {
  EXPECT_TRUE(is_clean_text(""));
  EXPECT_TRUE(is_clean_text("\xF0\x9F\x8E\xB2"));
  EXPECT_FALSE(is_clean_text(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_clean_text("\xFF"));
  EXPECT_FALSE(is_clean_text("\xED\xB0\x80"));
}

}  // namespace
}  // namespace mm::json
