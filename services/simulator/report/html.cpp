#include "services/simulator/report/html.h"

namespace mm::simulator {
namespace {

constexpr const char* kStyle = R"(
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; margin: 0 }
main { max-width: 1320px; margin: 0 auto; padding: 1rem 1.5rem 4rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-top: 1px solid #ccc; padding-top: 1rem }
table { border-collapse: collapse; margin: .6rem 0 1.4rem; font-variant-numeric: tabular-nums }
caption { text-align: left; font-weight: 600; padding: .3rem 0 }
th, td { padding: .15rem .6rem; border-bottom: 1px solid #e4e4e4; text-align: right; white-space: nowrap }
th.t, td.t { text-align: left }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 1rem }
.charts svg { width: 100%; height: auto; border: 1px solid #e4e4e4 }
.wide { overflow-x: auto }
)";

}  // namespace

HtmlPage::HtmlPage(const std::string& title) {
  text_ = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>" + escaped(title) +
          "</title>\n<meta name=\"viewport\" content=\"width=device-width\">\n<style>" + kStyle +
          "</style></head>\n<body><main>\n<h1>" + escaped(title) + "</h1>\n";
}

void HtmlPage::heading(const std::string& text) { text_ += "<h2>" + escaped(text) + "</h2>\n"; }

void HtmlPage::paragraph(const std::string& text) { text_ += "<p>" + escaped(text) + "</p>\n"; }

void HtmlPage::list(const std::vector<std::string>& lines) {
  text_ += "<ul>\n";
  for (const std::string& line : lines) text_ += "<li>" + escaped(line) + "</li>\n";
  text_ += "</ul>\n";
}

void HtmlPage::table(const std::string& caption, const Table& table) {
  const auto row = [&](const std::vector<std::string>& cells, const char* tag) {
    text_ += "<tr>";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string kind = i < table.text_columns ? " class=\"t\"" : "";
      text_ += "<" + std::string(tag) + kind + ">" + escaped(cells[i]) + "</" + tag + ">";
    }
    text_ += "</tr>\n";
  };
  text_ += "<div class=\"wide\"><table><caption>" + escaped(caption) + "</caption>\n";
  row(table.header, "th");
  for (const auto& cells : table.rows) row(cells, "td");
  text_ += "</table></div>\n";
}

void HtmlPage::charts(const std::vector<Chart>& charts) {
  text_ += "<div class=\"charts\">\n";
  for (const Chart& chart : charts) text_ += svg(chart);
  text_ += "</div>\n";
}

}  // namespace mm::simulator
