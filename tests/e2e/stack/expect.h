// Checks the body and headers of a refusal.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/e2e/stack/client.h"

namespace mm::e2e {

inline void expect_problem(const Answer& answer, int status, const std::string& code, const std::string& pointer = "") {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.headers.count("content-type") ? answer.headers.at("content-type").substr(0, 24) : "",
            "application/problem+json");
  EXPECT_EQ(answer.at("code"), code) << answer.body;
  EXPECT_EQ(answer.at("type"), "/errors/" + code);
  EXPECT_EQ(answer.at("status"), std::to_string(status));
  EXPECT_FALSE(answer.at("title").empty());
  EXPECT_EQ(answer.at("trace_id").size(), 32u);
  if (pointer.empty()) return;
  bool named = false;
  for (std::size_t i = 0; i < answer.size("errors"); ++i)
    named |= answer.at("errors." + std::to_string(i) + ".pointer") == pointer;
  EXPECT_TRUE(named) << answer.body;
}

}  // namespace mm::e2e
