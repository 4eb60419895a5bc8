// `refold rng` from outside, against the vectors made with another implementation.
// Run by `dotnet test`.
using System.Text.Json;
using Xunit;

namespace Refold.Tests.Tool;

public class RngTests
{
    private const string Zero = "ecf273f981b5cd4587f0467306ad6cadd0d0a3e33317e767f29bea72d78a7dfe";

    [Fact]
    public void Json_HasStatesAndDraws()
    {
        var json = RefoldTool.Run("rng", "--seed", "0", "--u64", "2", "--json").Expect(0).Json;
        Assert.Equal($$"""{"seed":"{{Zero}}","stream":"0","wordPosition":"0","splits":"0"}""", json.GetProperty("state").GetRawText());
        Assert.Equal("""["449479075714955186","18115028555707261608"]""", json.GetProperty("u64").GetRawText());
        Assert.Equal("[]", json.GetProperty("u32").GetRawText());
        Assert.Equal("", json.GetProperty("bytes").GetString());
        Assert.Equal("4", json.GetProperty("stateAfter").GetProperty("wordPosition").GetString());
    }

    [Fact]
    public void Text_HasOneValueALine() =>
        Assert.Contains("u64         449479075714955186", RefoldTool.Run("rng", "--seed", "0", "--u64", "1").Expect(0).Lines);

    [Theory]
    [InlineData("draws")]
    [InlineData("u32_then_u64")]
    [InlineData("fill_bytes_75")]
    [InlineData("seek")]
    public void Vectors_AreReproduced(string kind)
    {
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(Vectors.PathOf("chacha20rng.json")));
        var cases = vectors.RootElement.EnumerateArray().Where(vector => vector.GetProperty("case").GetString() == kind).ToList();
        Assert.NotEmpty(cases);

        // A process a case: the first, and the last, which for `seek` wraps round the end of the stream.
        foreach (var vector in (JsonElement[])[cases[0], cases[^1]])
        {
            var arguments = new List<string> { "rng", "--json", "--seed", vector.GetProperty("from_seed").GetString()! };
            if (vector.TryGetProperty("word_pos", out var position))
                arguments.AddRange(["--word-pos", position.GetString()!]);
            if (kind == "u32_then_u64")
                arguments.AddRange(["--u32", "1"]);
            if (kind == "fill_bytes_75")
                arguments.AddRange(["--bytes", "75"]);
            arguments.AddRange(
                ["--u64", vector.GetProperty("next_u64").GetArrayLength().ToString(System.Globalization.CultureInfo.InvariantCulture)]);

            var json = RefoldTool.Run([.. arguments]).Expect(0).Json;
            AssertSame(vector.GetProperty("next_u64"), json.GetProperty("u64"));
            if (kind == "u32_then_u64")
                Assert.Equal(
                    vector.GetProperty("next_u32").GetString(), Assert.Single(json.GetProperty("u32").EnumerateArray()).GetString());
            if (kind == "fill_bytes_75")
                Assert.Equal(vector.GetProperty("bytes").GetString(), json.GetProperty("bytes").GetString());
            if (vector.TryGetProperty("state_after", out var after))
                AssertState(after, json.GetProperty("stateAfter"));
        }
    }

    [Fact]
    public void Vectors_OfSplits_AreReproduced()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(Vectors.PathOf("chacha20rng.json")));
        var vector = vectors.RootElement.EnumerateArray().First(item => item.GetProperty("case").GetString() == "split");
        foreach (var (path, name) in (ReadOnlySpan<(string, string)>)[("1", "child1"), ("2", "child2"), ("1/1", "grandchild_of_child1")])
        {
            var json = RefoldTool.Run(
                "rng", "--json", "--seed", vector.GetProperty("from_seed").GetString()!, "--split", path, "--u64", "8").Expect(0).Json;
            AssertState(vector.GetProperty(name).GetProperty("state"), json.GetProperty("state"));
            AssertSame(vector.GetProperty(name).GetProperty("next_u64"), json.GetProperty("u64"));
        }
    }

    private static void AssertSame(JsonElement expected, JsonElement actual) =>
        Assert.Equal(expected.EnumerateArray().Select(item => item.GetString()), actual.EnumerateArray().Select(item => item.GetString()));

    private static void AssertState(JsonElement expected, JsonElement actual)
    {
        Assert.Equal(expected.GetProperty("seed").GetString(), actual.GetProperty("seed").GetString());
        Assert.Equal(expected.GetProperty("stream").GetString(), actual.GetProperty("stream").GetString());
        Assert.Equal(expected.GetProperty("word_pos").GetString(), actual.GetProperty("wordPosition").GetString());
    }
}
