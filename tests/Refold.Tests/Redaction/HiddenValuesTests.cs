// What is redacted is replaced in what exceptions say, in the forms in which it gets there; and what only looks like it is not.
// Run by `dotnet test`.
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Refold.Tests.Operations;
using Xunit;

namespace Refold.Tests.Redaction;

public class HiddenValuesTests
{
    private const string Secret = "k1/2+3?4=ö \"ü\\ß\"~*'!";
    private static readonly CancellationToken ct = CancellationToken.None;
    private static readonly Codec<string> raw = Codec.Create<string>(
        "raw", text => Encoding.UTF8.GetBytes(text), bytes => Encoding.UTF8.GetString(bytes.Span)).WithRedaction("$.secret");

    private static readonly Dictionary<string, Func<string, string>> forms = new()
    {
        ["as it is"] = text => text,
        ["JSON"] = text => JsonSerializer.Serialize(text)[1..^1],
        ["JSON, lower hex"] = text => JsonSerializer.Serialize(text)[1..^1].Replace("00F6", "00f6").Replace("00FC", "00fc")
            .Replace("00DF", "00df").Replace("002B", "002b"),
        ["JSON, relaxed"] = text => JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value,
        ["JSON, slashes"] = text => text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("/", "\\/"),
        ["JSON, ASCII"] = text => text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("ö", "\\u00f6").Replace("ü", "\\u00fc")
            .Replace("ß", "\\u00df"),
        ["address"] = Uri.EscapeDataString,
        ["address, lower"] = text => Lower(Uri.EscapeDataString(text)),
        ["address as a whole"] = text => new Uri("http://a.test/?" + text).Query[1..],
        ["form"] = text => new FormUrlEncodedContent([new("", text)]).ReadAsStringAsync().Result[1..],
        ["form of WebUtility"] = text => WebUtility.UrlEncode(text),
        ["form, lower"] = text => Lower(WebUtility.UrlEncode(text)),
        ["JavaScript"] = text => "k1%2F2%2B3%3F4%3D%C3%B6%20%22%C3%BC%5C%C3%9F%22~*'!",
        ["base64"] = text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)),
        ["base64 in an address"] = text =>
            Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).Replace('+', '-').Replace('/', '_').TrimEnd('='),
        ["base64 of more"] = text => Convert.ToBase64String(Encoding.UTF8.GetBytes("ada:" + text + "!")),
        ["hex"] = text => Convert.ToHexString(Encoding.UTF8.GetBytes(text)),
        ["hex, lower"] = text => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)),
        ["hex of BitConverter"] = text => BitConverter.ToString(Encoding.UTF8.GetBytes(text)),
        ["a header"] = text => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)),
    };

    public static TheoryData<string> Forms => [.. forms.Keys];

    private static string Lower(string address)
    {
        var letters = address.ToCharArray();
        for (var at = address.IndexOf('%'); at >= 0; at = address.IndexOf('%', at + 1))
            (letters[at + 1], letters[at + 2]) = (char.ToLowerInvariant(letters[at + 1]), char.ToLowerInvariant(letters[at + 2]));
        return new string(letters);
    }

    // What is recorded of the failure of a call, whose request redacts a value.
    private static async Task<string> RecordedAsync(string secret, string message)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        var operation = TextOperation.Of(async (fx, _) => await fx.CallAsync(
            "call", "{\"open\":\"open value\",\"secret\":" + secret + "}", raw,
            (_, _) => Task.FromException<string>(new InvalidOperationException(message)), raw));
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        await run.FinishAsync();
        // The failure of the call, and that of the operation, which says the same.
        await TextOperation.MatchesAsync(journal, operation);
        var entry = Assert.Single(journal.ReadStream("$fx/run"), entry => entry.Type == "$call");
        using var document = JsonDocument.Parse(entry.Payload);
        return document.RootElement.GetProperty("failure").GetProperty("message").GetString()!;
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task AText_IsReplacedInEachOfItsForms(string form)
    {
        foreach (var text in new[] { Secret, "4929 0451 1234", "ab/+\"cd", "tokentoken" })
        {
            if (form == "JavaScript" && text != Secret) continue;
            var written = forms[form](text);
            Assert.Equal("no [redacted].", await RecordedAsync(JsonSerializer.Serialize(text), $"no {written}."));
        }
    }

    [Theory]
    [InlineData("{\"t0ken-0451\":{\"t0ken-0452\":[true]}}", "t0ken-0451 and t0ken-0452", "[redacted] and [redacted]")]
    [InlineData("{\"id\":[\"value one\",{\"type\":\"value two\"}]}", "value one, value two of id", "[redacted], [redacted] of id")]
    [InlineData("1.50", "it is 1.50, 1.5 or 1,5, not 11.5 or 1.55", "it is [redacted], [redacted] or [redacted], not 11.5 or 1.55")]
    [InlineData("1E3", "it is 1E3 or 1000", "it is [redacted] or [redacted]")]
    [InlineData("1.5e-7", "it is 1.5E-07, 0.00000015", "it is [redacted], [redacted]")]
    [InlineData("4929045112345678", "it is 4929045112345678 or 4.929045E+15", "it is [redacted] or [redacted]")]
    [InlineData("-12.250", "it is -12.25", "it is [redacted]")]
    [InlineData("1e400", "it is 1e400", "it is [redacted]")]
    public async Task NamesAndNumbers_AreReplacedAsDotNetPrintsThem(string secret, string message, string recorded) =>
        Assert.Equal(recorded, await RecordedAsync(secret, message));

    [Fact]
    public async Task NumbersThatWereRead_AreReplacedAsTheyArePrinted()
    {
        var invariant = CultureInfo.InvariantCulture;
        string[] numbers = ["10.10", "1234567.80", "123E4", "0.1e1", "79228162514264337593543950335", "1e21", "0.30000000000000004"];
        foreach (var json in numbers)
        {
            var number = double.Parse(json, NumberStyles.Float, invariant);
            var printed = new List<string> { number.ToString(invariant), ((float)number).ToString(invariant) };
            if (decimal.TryParse(json, NumberStyles.Float, invariant, out var exact)) printed.Add(exact.ToString(invariant));
            if (number is > 0 and < 1e18 && number == Math.Floor(number)) printed.Add(((long)number).ToString(invariant));
            Assert.Equal(
                string.Join(' ', printed.Select(_ => "[redacted]")), await RecordedAsync(json, string.Join(' ', printed)));
        }
    }

    [Theory]
    [InlineData("\"123\"", "code 123 (123), 123: not 1234, a123, 123b", "code [redacted] ([redacted]), [redacted]: not 1234, a123, 123b")]
    [InlineData("123", "123", "[redacted]")]
    [InlineData("\"ab\"", "ab about cab", "[redacted] about cab")]
    [InlineData("[7]", "7 of 77", "[redacted] of 77")]
    [InlineData("\"a&b\"", "a&b a%26b", "[redacted] [redacted]")]
    [InlineData("true", "it is true", "it is true")]
    [InlineData("\"\"", "it is empty", "it is empty")]
    public async Task AShortValue_IsReplacedAsAWholeWord(string secret, string message, string recorded) =>
        Assert.Equal(recorded, await RecordedAsync(secret, message));

    [Theory]
    [InlineData("[\"abcdef\",\"defghi\"]", "abcdefghi", "[redacted]")]
    [InlineData("[\"abab\"]", "ababab", "[redacted]")]
    [InlineData("[\"abcd\",\"abcdef\"]", "abcdef abcd", "[redacted] [redacted]")]
    [InlineData("[\"abcdef\"]", "abcdefabcdef", "[redacted][redacted]")]
    [InlineData("[\"redacted\",\"acted\",\"value\"]", "a value, [redacted], redacted", "a [redacted], [redacted], [redacted]")]
    public async Task ValuesThatOverlap_LeaveNothing_AndTheMarkStands(string secret, string message, string recorded) =>
        Assert.Equal(recorded, await RecordedAsync(secret, message));

    [Fact]
    public async Task AShortValue_StandsInHeadersAndAddresses_WhereItIsThereByChance()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        using var server = new Answering();
        var operation = TextOperation.Of(async (fx, _) =>
        {
            using var client = new HttpClient(fx.HttpHandler(server, "$.cvc"), disposeHandler: false);
            using var content = new StringContent("{\"cvc\":123}");
            using var answer = await client.PostAsync(new Uri("http://shop.test/123"), content);
            throw new InvalidOperationException("cvc 123");
        });
        await Assert.ThrowsAsync<InvalidOperationException>(() => run.RunAsync(operation, "k", "in", ct));
        var recorded = string.Join('\n', journal.ReadStream("$fx/run").Select(entry => Encoding.UTF8.GetString(entry.Payload.Span)));
        Assert.Contains("http://shop.test/123", recorded, StringComparison.Ordinal);
        Assert.Contains("cvc [redacted]", recorded, StringComparison.Ordinal);
        // So what it did not make another is not tried in vain.
        await Assert.ThrowsAsync<InvalidOperationException>(() => run.RunAsync(operation, "k", "in", ct));
        await TextOperation.MatchesAsync(journal, operation);
    }

    private sealed class Answering : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Content = new StringContent("{}"), Headers = { { "X-Left", "123" } } });
    }
}
