// A conformance test that demands nothing is found out.
#include "tests/conformance/both.hpp"

#include <gtest/gtest-spi.h>

namespace engine_tests {
namespace {

TEST(conformance_demands, a_test_that_asserts_nothing_fails) {
    EXPECT_NONFATAL_FAILURE(demands().expect_some(), "this test asserts nothing");
    demands one;
    one.count();
    one.expect_some();
}

class idle_conformance : public mqtt_5 {
public:
    void TestBody() override { w.go_online(); }  // drives the client and looks at nothing
    using mqtt_5::TearDown;
};

TEST(conformance_demands, so_does_one_that_only_drives_the_client) {
    idle_conformance test;
    test.TestBody();
    EXPECT_NONFATAL_FAILURE(test.TearDown(), "this test asserts nothing");
}

class wrong_conformance : public mqtt_5 {
public:
    void TestBody() override {}
    void demand_what_is_not_so() {
        w.go_online();
        sends("c0 00");
    }
    void demand_a_close_that_does_not_come() { closes_at({incoming("30")}, "81"); }
};

TEST(conformance_demands, what_is_not_so_is_objected_to) {
    wrong_conformance test;
    EXPECT_NONFATAL_FAILURE(test.demand_what_is_not_so(), "c0 00");
    testing::TestPartResultArray objections;
    {
        testing::ScopedFakeTestPartResultReporter heard(
            testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &objections);
        test.demand_a_close_that_does_not_come();
    }
    EXPECT_GT(objections.size(), 0);
}

}  // namespace
}  // namespace engine_tests
