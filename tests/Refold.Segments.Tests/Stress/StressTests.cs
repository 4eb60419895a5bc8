// Everything at once over a directory, by real threads and processes: no answer contradicts another one, and nobody waits for ever.
// Run by `dotnet test`; REFOLD_STRESS_SECONDS makes it a soak, REFOLD_STRESS_SEED repeats what was drawn, though not what the threads made of it.
using System.Globalization;
using System.Security.Cryptography;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class StressTests(ITestOutputHelper output)
{
    private static readonly TimeSpan RunLength = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task EverythingAtOnce_NoAnswerContradictsAnother()
    {
        var seed = Number("REFOLD_STRESS_SEED") ?? BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        // One run for each durability.
        var runs = Math.Max(3, (Number("REFOLD_STRESS_SECONDS") ?? 0) / (ulong)RunLength.TotalSeconds);
        for (var last = seed + runs; seed < last; seed++)
        {
            var again = string.Create(CultureInfo.InvariantCulture, $"again: dotnet test tests/Refold.Testing.Tests --filter {nameof(StressTests)} -e REFOLD_STRESS_SEED={seed}");
            output.WriteLine(again);
            var directory = Directory.CreateTempSubdirectory("refold-stress-").FullName;
            try
            {
                var run = new StressRun(directory, seed, RunLength);
                await run.RunAsync();
                output.WriteLine(run.Counts);
            }
            catch (Exception exception)
            {
                throw new StressViolationException($"{again}\n{exception}");
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    private static ulong? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? ulong.Parse(given, CultureInfo.InvariantCulture) : null;
}
