// Everything at once over a directory, by real threads and processes: no answer contradicts another one, and nobody waits for ever.
// Run by `dotnet test`, once for each durability; Soak has the long form.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class StressTests(ITestOutputHelper output)
{
    public static TheoryData<Durability> Durabilities => [.. StressSuite.Durabilities];

    [Theory]
    [MemberData(nameof(Durabilities))]
    public Task EverythingAtOnce_NoAnswerContradictsAnother(Durability durability) =>
        StressSuite.Stress.HoldsAsync(output, StressSuite.Durabilities, durability);
}
