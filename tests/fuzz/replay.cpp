// Gives a target every input of a corpus: a text file with one input per line in hexadecimal, `#` before remarks.
#include "tests/fuzz/target.hpp"
#include "tests/unit/engine_text.hpp"

#include <fstream>
#include <iostream>
#include <memory>

int main(int count, char** arguments) {
    std::size_t inputs = 0;
    for (int i = 1; i < count; ++i) {
        std::ifstream corpus(arguments[i]);
        int number = 0;
        for (std::string line; std::getline(corpus, line);) {
            ++number;
            if (line.empty() || line.front() == '#') continue;
            std::cerr << arguments[i] << ':' << number << '\r';  // the last one shown is the one that was objected to
            const auto data = engine_tests::unhex(line);
            const auto exact = std::make_unique<std::uint8_t[]>(data.size());  // not a byte beyond
            std::copy(data.begin(), data.end(), exact.get());
            LLVMFuzzerTestOneInput(exact.get(), data.size());
            ++inputs;
        }
    }
    std::cout << '\n' << inputs << " inputs\n";
    return inputs != 0 ? 0 : 1;
}
