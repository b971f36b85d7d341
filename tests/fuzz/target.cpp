// Objections that end the process.
#include "tests/fuzz/target.hpp"

#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>

namespace fuzz {

namespace {

class judge : public testing::EmptyTestEventListener {
    void OnTestPartResult(const testing::TestPartResult& result) override {
        if (!result.failed()) return;
        std::cerr << "objection: " << (result.file_name() != nullptr ? result.file_name() : "") << ':'
                  << result.line_number() << ": " << result.message() << std::endl;
        std::abort();
    }
};

}  // namespace

void make_objections_fatal() {
    static const bool done = [] {
        testing::UnitTest::GetInstance()->listeners().Append(new judge);
        return true;
    }();
    (void)done;
}

bool claims_too_much() {
    static const bool does = std::getenv("FUZZ_CLAIM_TOO_MUCH") != nullptr;
    return does;
}

}  // namespace fuzz
