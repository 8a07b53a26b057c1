// Tests registration, login and profiles, with a real nats-server and a real PostgreSQL.
#include <algorithm>
#include <future>

#include "tests/integration/profile/world.h"

namespace mm::profile {
namespace {

using testing::eventually;

class Accounts : public ::testing::Test {
 protected:
  LoginPlayer login(const std::string& username, const std::string& password) const {
    return {username, password, tenant_};
  }

  const Tenant tenant_ = fresh_tenant();
  Instance profile_;
};

template <class Req>
std::vector<Reply<typename Req::Answer>> ask_concurrently(const std::vector<Req>& requests,
                                                          Milliseconds time = Milliseconds{30'000}) {
  std::vector<std::future<Reply<typename Req::Answer>>> asked;
  for (const auto& request : requests) {
    asked.push_back(std::async(std::launch::async, [&request, time] {
      return World::get().bus->request(request, Caller{}, Deadline::after(time));
    }));
  }
  std::vector<Reply<typename Req::Answer>> answers;
  for (auto& answer : asked) answers.push_back(answer.get());
  return answers;
}

template <class T>
std::ptrdiff_t refused_as(const std::vector<Reply<T>>& answers, Code code) {
  return std::count_if(answers.begin(), answers.end(),
                       [&](const auto& answer) { return !answer && answer.error().code == code; });
}

template <class T>
std::ptrdiff_t accepted(const std::vector<Reply<T>>& answers) {
  return std::count_if(answers.begin(), answers.end(), [](const auto& answer) { return answer.ok(); });
}

TEST_F(Accounts, RegistersAndLogsIn) {
  auto request = registration(tenant_, "Ann");
  request.email = "Ann@Example.ORG";
  request.region = *Region::parse("us-east");
  const auto player = send(request);
  ASSERT_TRUE(player.ok()) << player.error().detail;
  EXPECT_EQ(player->username, "Ann");
  EXPECT_EQ(player->email, "ann@example.org");
  EXPECT_EQ(player->region.str(), "us-east");
  EXPECT_EQ(player->mmr, 1500);
  EXPECT_EQ(player->player_id.uuid().version(), 7);

  for (const char* name : {"Ann", "ann", "ANN"}) {
    const auto logged_in = send(login(name, request.password));
    ASSERT_TRUE(logged_in.ok()) << name << logged_in.error().detail;
    EXPECT_EQ(logged_in->player_id, player->player_id);
    EXPECT_EQ(logged_in->username, "Ann");
    EXPECT_EQ(logged_in->region.str(), "us-east");
    EXPECT_EQ(logged_in->tenant, tenant_);
  }
}

TEST_F(Accounts, RefusesATakenNameOrAddressInAnyCase) {
  registered(tenant_, "ann");
  auto same_name = registration(tenant_, "ANN");
  same_name.email = "other@example.org";
  EXPECT_EQ(send(same_name).error().code, Code::username_taken);
  auto same_address = registration(tenant_, "bob");
  same_address.email = "ANN@example.org";
  EXPECT_EQ(send(same_address).error().code, Code::email_taken);
}

TEST_F(Accounts, NamesAndAddressesOfAnotherTenantAreFree) {
  const auto other = fresh_tenant();
  const auto here = registered(tenant_, "ann");
  const auto there = registered(other, "ann");
  EXPECT_NE(here.player_id, there.player_id);
  EXPECT_EQ(send(GetProfile{here.player_id}, as_player(other, there.player_id)).error().code, Code::not_found);
  EXPECT_EQ(send(GetProfile{here.player_id}, as_service(other)).error().code, Code::not_found);
}

TEST_F(Accounts, GivesANameToOneOfAHundredConcurrentRequests) {
  const Instance second;  // between instances the constraint decides
  std::vector<RegisterPlayer> requests;
  for (int i = 0; i < 100; ++i) {
    requests.push_back(registration(tenant_, i % 2 == 0 ? "wanted" : "Wanted"));
    requests.back().email = "player" + std::to_string(i) + "@example.org";
  }
  const auto answers = ask_concurrently(requests);
  EXPECT_EQ(accepted(answers), 1);
  EXPECT_EQ(refused_as(answers, Code::username_taken), 99);
  EXPECT_EQ(number("SELECT count(*) FROM profile.account WHERE tenant = '" + tenant_.str() + "'"), 1);
}

TEST_F(Accounts, GivesAnAddressToOneOfManyConcurrentRequests) {
  std::vector<RegisterPlayer> requests;
  for (int i = 0; i < 20; ++i) {
    requests.push_back(registration(tenant_, "player" + std::to_string(i)));
    requests.back().email = "wanted@example.org";
  }
  const auto answers = ask_concurrently(requests);
  EXPECT_EQ(accepted(answers), 1);
  EXPECT_EQ(refused_as(answers, Code::email_taken), 19);
}

TEST_F(Accounts, ANameWhoseFirstRegistrationFailedGoesToTheNext) {
  registered(tenant_, "ann");
  std::vector<RegisterPlayer> requests;
  for (int i = 0; i < 30; ++i) {
    requests.push_back(registration(tenant_, "wanted"));
    // Most requests have an address that is taken. One of the others must get the name, whichever request is first.
    requests.back().email = i % 10 == 9 ? "free" + std::to_string(i) + "@example.org" : "ann@example.org";
  }
  const auto answers = ask_concurrently(requests);
  EXPECT_EQ(accepted(answers), 1);
  EXPECT_EQ(refused_as(answers, Code::email_taken) + refused_as(answers, Code::username_taken), 29);
}

TEST_F(Accounts, AnUnknownNameAndAWrongPasswordGetTheSameAnswerAfterTheSameWork) {
  registered(tenant_, "ann");
  const auto jobs = [&] { return profile_.metric("mm_profile_password_seconds_count"); };
  ASSERT_TRUE(eventually([&] { return jobs() == 1; })) << "the job is counted a little after the answer";
  const auto wrong = send(login("ann", "wrong horse"));
  ASSERT_TRUE(eventually([&] { return jobs() == 2; }));
  const auto unknown = send(login("nobody", "wrong horse"));
  EXPECT_TRUE(eventually([&] { return jobs() == 3; })) << "a hash is computed for an unknown name as well";
  ASSERT_FALSE(wrong.ok());
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(wrong.error().code, Code::invalid_credentials);
  EXPECT_EQ(unknown.error().code, Code::invalid_credentials);
  EXPECT_EQ(wrong.error().detail, unknown.error().detail);
  EXPECT_EQ(send(LoginPlayer{"ann", "correct horse", fresh_tenant()}).error().code, Code::invalid_credentials);
}

TEST_F(Accounts, PasswordsAreNeverTruncated) {
  auto request = registration(tenant_, "longest");
  request.password = std::string(72, 'p');
  ASSERT_TRUE(send(request).ok());
  EXPECT_TRUE(send(login("longest", request.password)).ok());
  EXPECT_EQ(send(login("longest", request.password + "x")).error().code, Code::invalid_credentials);
  EXPECT_EQ(send(login("longest", std::string(71, 'p'))).error().code, Code::invalid_credentials);

  request.username = "longer";
  request.password += "x";
  const auto refused = send(request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::invalid_fields);
  EXPECT_EQ(refused.error().errors.at(0).pointer, "/password");
}

TEST_F(Accounts, LoginsThatThePoolCannotHashInTimeAreRefusedAtOnceAndOthersAnswered) {
  const auto player = registered(tenant_, "ann");
  profile_.stop();
  // 2^11 rounds: about 0.15 s each, so most of 40 cannot be done within the 0.5 s of their deadlines.
  const Instance slow(11);
  const std::vector<LoginPlayer> storm(40, login("nobody", "wrong horse"));
  auto answers = std::async(std::launch::async, [&] { return ask_concurrently(storm, Milliseconds{500}); });
  EXPECT_TRUE(send(GetProfile{player.player_id}, as_service(tenant_)).ok());
  EXPECT_EQ(accepted(answers.get()), 0);
  EXPECT_GT(slow.metric("mm_profile_password_jobs_refused_total"), 0);
}

TEST_F(Accounts, ARefusalHasTheTimeToRetry) {
  metrics::Registry registry;
  Metrics metrics(registry);
  PasswordPool pool({1, Milliseconds{10}, std::chrono::duration<double>(1.5)}, metrics);
  std::promise<void> release;
  auto released = release.get_future().share();
  ASSERT_FALSE(pool.submit(soon(), [released] { return released.wait(), true; }));
  EXPECT_EQ(pool.submit(soon(), [] { return true; }), 2);
  release.set_value();
}

TEST_F(Accounts, HashesAgainAtTheNextLoginWhenTheCostHasChanged) {
  const auto player = registered(tenant_, "ann");
  const auto hash = [&] {
    return rows("SELECT password_hash FROM profile.account WHERE player_id = '" + player.player_id.to_string() + "'")
        .at(0)
        .at(0);
  };
  EXPECT_TRUE(hash().starts_with("$2b$04$"));
  profile_.stop();
  const Instance dearer(5);
  EXPECT_EQ(send(login("ann", "wrong horse")).error().code, Code::invalid_credentials);
  EXPECT_TRUE(hash().starts_with("$2b$04$"));
  EXPECT_TRUE(send(login("ann", "correct horse")).ok());
  EXPECT_TRUE(eventually([&] { return hash().starts_with("$2b$05$"); }));
  EXPECT_TRUE(send(login("ann", "correct horse")).ok());
}

TEST_F(Accounts, ShowsThePrivatePartOnlyToThePlayer) {
  const auto ann = registered(tenant_, "ann");
  const auto bob = registered(tenant_, "bob");
  const auto own = send(GetProfile{ann.player_id}, as_player(tenant_, ann.player_id));
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(own->email, "ann@example.org");
  EXPECT_EQ(own->preferences, fields::RawJson{"{}"});
  EXPECT_EQ(own->mmr, 1500);
  EXPECT_TRUE(own->ratings.empty());
  EXPECT_EQ(own->created_at, ann.created_at);
  for (const auto& caller : {as_player(tenant_, bob.player_id), as_service(tenant_)}) {
    const auto seen = send(GetProfile{ann.player_id}, caller);
    ASSERT_TRUE(seen.ok());
    EXPECT_EQ(seen->username, "ann");
    EXPECT_FALSE(seen->email);
    EXPECT_FALSE(seen->preferences);
  }
  EXPECT_EQ(send(GetProfile{fresh_player()}, as_player(tenant_, ann.player_id)).error().code, Code::not_found);
}

TEST_F(Accounts, ChangesTheNamedFieldsOfTheCallersProfile) {
  const auto ann = registered(tenant_, "ann");
  const auto bob = registered(tenant_, "bob");
  const auto me = as_player(tenant_, ann.player_id);
  UpdateProfile change;
  change.preferences = fields::RawJson{R"({"volume":0.10,"keys":["w","\"'; DROP TABLE profile.account; --"]})"};
  auto changed = send(change, me);
  ASSERT_TRUE(changed.ok()) << changed.error().detail;
  EXPECT_EQ(changed->preferences, change.preferences) << "stored as it was sent";
  EXPECT_EQ(changed->region, default_region());
  EXPECT_GE(changed->updated_at, changed->created_at);

  UpdateProfile moved;
  moved.region = *Region::parse("us-east");
  changed = send(moved, me);
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(changed->region.str(), "us-east");
  EXPECT_EQ(changed->preferences, change.preferences);
  EXPECT_EQ(send(UpdateProfile{}, me)->region.str(), "us-east");
  EXPECT_EQ(send(GetProfile{bob.player_id}, as_player(tenant_, bob.player_id))->preferences, fields::RawJson{"{}"});

  EXPECT_EQ(send(moved, as_service(tenant_)).error().code, Code::forbidden);
  EXPECT_EQ(send(moved, as_player(fresh_tenant(), ann.player_id)).error().code, Code::not_found);
}

TEST_F(Accounts, FieldsThatPlayersMayNotChangeStay) {
  const auto ann = registered(tenant_, "ann");
  const auto me = as_player(tenant_, ann.player_id);
  const auto answer = send_raw("profile.update",
                               R"({"mmr":9999,"role":"admin","player_id":"018f0000-0000-7000-8000-000000000001",)"
                               R"("password_hash":"x","email":"x@y.zz","username":"root"})",
                               me);
  ASSERT_TRUE(answer.ok());
  const auto profile = send(GetProfile{ann.player_id}, me);
  EXPECT_EQ(profile->mmr, 1500);
  EXPECT_EQ(profile->username, "ann");
  EXPECT_EQ(profile->email, "ann@example.org");
  EXPECT_TRUE(send(login("ann", "correct horse")).ok());
}

TEST_F(Accounts, TreatsSqlInFieldsAsText) {
  registered(tenant_, "ann");
  for (const char* text : {"' OR 1=1--", "'; DROP TABLE profile.account; --", "$1", "\\", "%", "_nn", "ann\\'"}) {
    EXPECT_EQ(send(login(text, "correct horse")).error().code, Code::invalid_credentials) << text;
    EXPECT_EQ(send(login("ann", text)).error().code, Code::invalid_credentials) << text;
  }
  auto odd = registration(tenant_, "a-_-b");
  odd.email = "o'brien;--%_$1\\@example.org";
  odd.password = "'; DROP TABLE x; --";
  ASSERT_TRUE(send(odd).ok());
  EXPECT_TRUE(send(login("a-_-b", odd.password)).ok());
}

TEST_F(Accounts, NamesTheFieldThatIsWrong) {
  const auto me = as_player(tenant_, fresh_player());
  const std::string name = R"("username":"someone")";
  const std::string mail = R"("email":"a@b.cc")";
  const std::string word = R"("password":"12345678")";
  const struct {
    const char* subject;
    std::string body;
    const char* pointer;  ///< nullptr: not JSON at all
  } wrong[] = {
      {"profile.register", "", "/username"},
      {"profile.register", "{" + name + "," + mail + "}", "/password"},
      {"profile.register", "{" + name + "," + word + "}", "/email"},
      {"profile.register", R"({"username":"ab",)" + mail + "," + word + "}", "/username"},
      {"profile.register", R"({"username":"with space",)" + mail + "," + word + "}", "/username"},
      {"profile.register", R"({"username":7,)" + mail + "," + word + "}", "/username"},
      {"profile.register", R"({"email":"no-at",)" + name + "," + word + "}", "/email"},
      {"profile.register", R"({"email":"a@b@c.dd",)" + name + "," + word + "}", "/email"},
      {"profile.register", R"({"password":"1234567",)" + name + "," + mail + "}", "/password"},
      {"profile.register", R"({"password":null,)" + name + "," + mail + "}", "/password"},
      {"profile.register", R"({"region":"EU",)" + name + "," + mail + "," + word + "}", "/region"},
      {"profile.register", R"({"tenant":"a b",)" + name + "," + mail + "," + word + "}", "/tenant"},
      {"profile.register", R"({"password":"1234\u00005678",)" + name + "," + mail + "}", nullptr},
      {"profile.register", "{", nullptr},
      {"profile.register", R"({"username":"a","username":"b"})", nullptr},
      {"profile.login", R"({"username":"ann"})", "/password"},
      {"profile.login", R"({"username":"","password":"x"})", "/username"},
      {"profile.login", R"({"username":["ann"],"password":"x"})", "/username"},
      {"profile.login", R"({"username":"ann","password":{}})", "/password"},
      {"profile.get", "{}", "/player_id"},
      {"profile.get", R"({"player_id":"me"})", "/player_id"},
      {"profile.get", R"({"player_id":"018F0000-0000-7000-8000-000000000001"})", "/player_id"},
      {"profile.update", R"({"region":"nowhere"})", "/region"},
      {"profile.update", R"({"preferences":[1]})", "/preferences"},
      {"profile.update", R"({"preferences":"{}"})", "/preferences"},
      {"profile.update", R"({"preferences":{"a":")" + std::string(4'096, 'x') + R"("}})", "/preferences"},
      {"profile.ratings", R"({"limit":0})", "/limit"},
      {"profile.ratings", R"({"limit":1001})", "/limit"},
      {"profile.ratings", R"({"player_ids":[]})", "/player_ids"},
      {"profile.ratings", R"({"player_ids":["x"]})", "/player_ids/0"},
      {"profile.ratings", R"({"tenant":"A"})", "/tenant"},
      {"profile.ratings", R"({"cursor":"nonsense"})", "/cursor"},
      {"profile.ratings", R"({"cursor":""})", "/cursor"},
  };
  for (const auto& [subject, body, pointer] : wrong) {
    const auto answer = send_raw(subject, body, me);
    ASSERT_FALSE(answer.ok()) << subject << body;
    if (pointer == nullptr) {
      EXPECT_EQ(answer.error().code, Code::malformed_request) << subject << body;
    } else {
      EXPECT_EQ(answer.error().code, Code::invalid_fields) << subject << body;
      ASSERT_FALSE(answer.error().errors.empty()) << subject << body;
      EXPECT_EQ(answer.error().errors[0].pointer, pointer) << subject << body;
    }
  }
}

TEST_F(Accounts, AnswersUnavailableWhileTheDatabaseIsAwayAndRecovers) {
  const auto ann = registered(tenant_, "ann");
  auto& postgres = World::get().postgres;
  postgres.kill();
  EXPECT_EQ(send(GetProfile{ann.player_id}, as_service(tenant_)).error().code, Code::unavailable);
  EXPECT_EQ(send(login("ann", "correct horse")).error().code, Code::unavailable);
  EXPECT_EQ(send(registration(tenant_, "bob")).error().code, Code::unavailable);
  EXPECT_TRUE(eventually([&] { return !profile_.ready(); }));
  postgres.restart();
  EXPECT_TRUE(eventually([&] { return send(login("ann", "correct horse")).ok(); }));
  EXPECT_TRUE(send(registration(tenant_, "bob")).ok());
  EXPECT_TRUE(eventually([&] { return profile_.ready(); }));
}

TEST_F(Accounts, AnswersRunningRequestsBeforeItStops) {
  const Instance other;  // answers the requests that come later
  std::vector<RegisterPlayer> requests;
  for (int i = 0; i < 100; ++i) requests.push_back(registration(tenant_, "player" + std::to_string(i)));
  auto answers = std::async(std::launch::async, [&] { return ask_concurrently(requests); });
  EXPECT_TRUE(eventually([&] { return profile_.metric("mm_profile_password_seconds_count") > 0; }));
  profile_.stop();
  EXPECT_EQ(accepted(answers.get()), 100);
}

}  // namespace
}  // namespace mm::profile
