// Payloads that a codec reads and writes back byte by byte, and does not keep: the fold says so, whatever way it takes.
// Run by `dotnet test`.
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Xunit;

namespace Refold.Segments.Tests;

public class ProofTests
{
    internal sealed record Priced(decimal? Price);

    [Flags]
    internal enum Rights : ulong
    {
        None = 0,
        Top = 1UL << 60,
    }

    internal sealed record Granted(Rights Rights);

    internal sealed record Written(int Number) : IJsonOnSerialized
    {
        public int Number { get; private set; } = Number;

        void IJsonOnSerialized.OnSerialized() => Number++;
    }

    internal sealed record Roomy
    {
        public long Bytes
        {
            get;
            init => field = new byte[value * (int.MaxValue / 3)].Length > 0 ? value : 0;
        }
    }

    private sealed class PlainDecimals : JsonConverter<decimal?>
    {
        public override decimal? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? null : reader.GetDecimal();

        public override void Write(Utf8JsonWriter writer, decimal? value, JsonSerializerOptions options)
        {
            if (value is { } number) writer.WriteNumberValue(number);
            else writer.WriteNullValue();
        }
    }

    [Fact]
    public Task AUsersConverterOfANullableNumber_ProvesNothing() =>
        DifferAsync<Priced>("""{"Price":1.10}""", new PlainDecimals());

    [Fact]
    public Task AnEnumOf64Bits_WrittenAsANumber_IsJudged() =>
        DifferAsync<Granted>("""{"Rights":1152921504606846976}""", new JsonNumberEnumConverter<Rights>());

    [Fact]
    public Task AValueThatIsAnotherOnceItIsWritten_IsJudged() => DifferAsync<Written>("""{"Number":5}""");

    /// <summary>What a codec throws is a divergence with its place, want of memory too.</summary>
    [Fact]
    public async Task ACodecThatWantsTooMuchMemory_IsToldWithItsPlace()
    {
        var report = await FoldAsync<Roomy>("""{"Bytes":"3"}""");
        Assert.Equal((DivergenceCause.Threw, 1), (report.Divergence!.Cause, report.Divergence.Version));
    }

    private static async Task DifferAsync<T>(string payload, params JsonConverter[] converters)
        where T : class
    {
        var report = await FoldAsync<T>(payload, converters);
        Assert.Equal(DivergenceCause.CodecNotFaithful, report.Divergence?.Cause);
    }

    private static async Task<FoldReport<string>> FoldAsync<T>(string payload, params JsonConverter[] converters)
        where T : class
    {
        var options = new JsonSerializerOptions { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
        foreach (var converter in converters) options.Converters.Add(converter);
        var codec = Codec.Json((JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)), "t");
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Samples.Small);
        await journal.AppendAsync(new AppendRequest(new EntryData("s/1", "t", Encoding.UTF8.GetBytes(payload)) { Role = EntryRole.Event }));
        var aggregate = Aggregate.Create<string, string, T, string>(
            "s", "", (_, _, _) => [], (state, happened) => state + happened, Codec.Text("command"), codec, Codec.Text("refused"),
            Codec.Text("state"));
        return await journal.FoldAsync("s/1", aggregate);
    }
}
