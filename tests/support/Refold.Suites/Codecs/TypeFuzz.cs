// Random types and values through JSON codecs and runs: each value comes back as it was, reopened, folded and verified, or is refused
// with nothing appended. Run by CodecSuites: the short form over FuzzedTypes, the long one over types compiled from a fresh seed.
using System.Diagnostics;
using System.Reflection;
using System.Runtime.Loader;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Xunit;

namespace Refold.Suites;

internal static class TypeFuzz
{
    /// <summary>How many types are committed, and from which seed.</summary>
    public const int CommittedTypes = 40;

    // Few in a case, so that a slice of the soak takes one: 16 cases are the 320 of a whole soak.
    private const int FreshTypes = 20;

    private static readonly JsonSerializerOptions Reflected = new() { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    /// <summary>The committed types, few values each, over a journal in memory.</summary>
    public static Task ShortAsync(Tally tally, ulong seed) => TryAsync(tally, typeof(Fuzzed.FuzzedContext).Assembly, seed, 5, "memory:");

    /// <summary>Fresh types, compiled, many values each, over a journal in files that is opened again.</summary>
    public static async Task LongAsync(Tally tally, ulong seed)
    {
        using var directory = new TemporaryDirectory();
        await TryAsync(tally, Compile(directory, seed), seed, 70, directory.Journal());
    }

    /// <summary>What all cases must have met.</summary>
    public static string? Missing(Tally tally) =>
        tally["accepted"] * 10 < 6 * tally["values"] ? "less than 60 % were accepted"
        : tally["refused with the type"] == 0 || tally["refused with the value"] == 0 ? "nothing was refused"
        : null;

    private static Assembly Compile(TemporaryDirectory directory, ulong seed)
    {
        directory.Write("Fuzzed.cs", TypeSource.Write(seed, FreshTypes));
        var project = directory.Write(
            "Fuzzed.csproj",
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <AllowUnsafeBlocks>false</AllowUnsafeBlocks>
              </PropertyGroup>
            </Project>
            """);
        string[] arguments = ["build", project, "-o", directory.File("out"), "--nologo", "-v", "q"];
        using var build = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        RefoldProcess.Finish(build).Expect(0);
        // From bytes, so that the directory can go.
        using var image = new MemoryStream(File.ReadAllBytes(directory.File(Path.Combine("out", "Fuzzed.dll"))));
        return new AssemblyLoadContext("fuzzed").LoadFromStream(image);
    }

    private static async Task TryAsync(Tally tally, Assembly assembly, ulong seed, int values, string uri)
    {
        var types = assembly.GetTypes().Where(type => type.Namespace == "Refold.Suites.Fuzzed").ToList();
        var context = types.Single(type => typeof(JsonSerializerContext).IsAssignableFrom(type));
        var instance = context.GetProperty("Default", BindingFlags.Static | BindingFlags.Public)!.GetValue(null)!;
        var generated = ((JsonSerializerContext)instance).Options;
        var method = typeof(TypeFuzz).GetMethod(nameof(TryTypeAsync), BindingFlags.Static | BindingFlags.NonPublic)!;
        // As often as the context says so: T and a number.
        var roots = types.Where(type => type.Name.Length > 1 && type.Name[0] == 'T' && type.Name.Skip(1).All(char.IsAsciiDigit))
            .OrderBy(type => type.Name, StringComparer.Ordinal).ToList();
        foreach (var (type, index) in roots.Select((type, index) => (type, index)))
        {
            tally.Add("types");
            foreach (var options in new[] { generated, Reflected })
            {
                var journal = uri == "memory:" ? uri : uri + (ReferenceEquals(options, generated) ? "g" : "r") + type.Name;
                var random = SeededRng.FromSeed(seed + (ulong)index).AsRandom();
                await (Task)method.MakeGenericMethod(type).Invoke(null, [tally, options, random, values, journal])!;
            }
        }
    }

    private static async Task TryTypeAsync<T>(Tally tally, JsonSerializerOptions options, Random random, int values, string uri)
    {
        var made = new List<T>();
        var maker = new ValueMaker(random);
        for (var index = 0; index < values; index++)
            if (maker.Make(typeof(T)) is T value) made.Add(value);
        tally.Add("values", made.Count);
        Codec<T> codec;
        try
        {
            codec = Codec.Json((JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)), "event");
        }
        catch (Exception refused) when (refused is ArgumentException or InvalidOperationException or NotSupportedException)
        {
            tally.Add("refused with the type", made.Count);
            return;
        }

        await RecordAsync(tally, codec, made, uri);
    }

    private static async Task RecordAsync<T>(Tally tally, Codec<T> codec, List<T> values, string uri)
    {
        var aggregate = Aggregate.Create(
            "fuzz", new List<T>(), (Step _, List<T> _, string command) => Decision.Accept<T, string>(
                [values[int.Parse(command, System.Globalization.CultureInfo.InvariantCulture)]]),
            (all, one) => [.. all, one], Codec.Text("command"), codec, Codec.Text("refused"));
        var written = new List<string>();
        var journal = Journal.Open(uri);
        try
        {
            await using (var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options()))
            {
                for (var index = 0; index < values.Count; index++)
                {
                    var (description, head) = (Description.Of(typeof(T), values[index]), journal.Head);
                    try
                    {
                        var command = index.ToString(System.Globalization.CultureInfo.InvariantCulture);
                        var result = await run.Streams(aggregate).ExecuteAsync("fuzz/1", command);
                        written.Add(description);
                        RequireSame(codec, written, result.State);
                    }
                    catch (StepFailedException refused) when (refused.Message.Contains("cannot be encoded", StringComparison.Ordinal))
                    {
                        Assert.Equal(head, journal.Head);
                        tally.Add("refused with the value");
                    }
                }

                await run.FinishAsync();
            }

            if (uri != "memory:")
            {
                await journal.DisposeAsync();
                journal = Journal.Open(uri);
            }

            var folded = (await journal.FoldAsync("fuzz/1", aggregate)).State;
            for (var count = 1; count <= written.Count; count++) RequireSame(codec, written[..count], folded[..count]);
            Assert.Equal(written.Count, folded.Count);
            var report = await journal.VerifyAsync("test", aggregate);
            // A run of which every value was refused has no command to verify.
            Assert.True(
                report.Verdict == (written.Count > 0 ? ReplayVerdict.Matched : ReplayVerdict.NotRecorded), $"{typeof(T)}: {report}");
            tally.Add("accepted", written.Count);
        }
        finally
        {
            await journal.DisposeAsync();
        }
    }

    private static void RequireSame<T>(Codec<T> codec, List<string> written, List<T> state)
    {
        Assert.Equal(written.Count, state.Count);
        var last = Description.Of(typeof(T), state[^1]);
        Assert.True(written[^1] == last, $"{typeof(T)} lost something:\n{written[^1]}\n{last}\n{codec.Encode(state[^1])}");
    }
}
