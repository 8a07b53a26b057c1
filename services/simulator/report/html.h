// A self-contained HTML page with text, tables and charts.
#pragma once

#include <string>
#include <vector>

#include "services/simulator/report/chart.h"
#include "services/simulator/report/table.h"

namespace mm::simulator {

class HtmlPage {
 public:
  explicit HtmlPage(const std::string& title);
  void heading(const std::string& text);
  void paragraph(const std::string& text);
  void list(const std::vector<std::string>& lines);
  void table(const std::string& caption, const Table& table);
  void charts(const std::vector<Chart>& charts);
  std::string text() const { return text_ + "</main></body></html>\n"; }

 private:
  std::string text_;
};

}  // namespace mm::simulator
