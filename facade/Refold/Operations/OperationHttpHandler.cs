// HTTP of an operation: exchanges as recorded calls, answered from the record in replay.
// Put into an HttpClient by applications; OperationContext.HttpHandler makes one for a branch.
using System.Net;
using System.Text.Json.Serialization;
using Refold.Interop;

namespace Refold;

/// <summary>Sends requests and records each exchange as a call named <c>http</c> of the operation: method, address, headers and body of the
/// request; status, headers and body of the answer, or how it failed. In replay, and where an earlier attempt was answered, nothing is
/// sent. The answer is read whole before it is returned, and durable.</summary>
/// <remarks>
/// <para>A later attempt sends again after a failure behind the operation's last command: no answer, a time-out, or a status of 500 and
/// above, 408 or 429. What was answered otherwise is not sent again, also where the caller cannot make anything of the body: that is what
/// was answered, and what every attempt gets. Where such an answer is to be asked for again, make the exchange inside
/// <c>fx.CallAsync</c> with a client of its own, and throw there.</para>
/// <para>For a client that operations share, put one of these into it, and the operation into each request:
/// <c>request.Options.Set(OperationContext.HttpOption, fx)</c>. A request without one is refused, as it would not be recorded.</para>
/// <para>What is redacted is replaced before anything is written, and requests are compared in that form. The same values are replaced
/// where they stand in other headers, in addresses and in what failed; of a body in which something is redacted, also headers with its
/// length or a hash over it. The page redaction.md says which. An operation that got an answer in which something was redacted cannot be
/// tried again from the journal (<see cref="OperationRedactedException"/>), and where its replay comes to something else, the verdict is
/// <see cref="ReplayVerdict.Incomplete"/>.</para>
/// </remarks>
public sealed class OperationHttpHandler : DelegatingHandler
{
    private static readonly Codec<HttpAsked> Requests = Codec.Json(HttpForms.Default.HttpAsked, "http-request");
    private static readonly Codec<HttpAnswered> Answers = Codec.Json(HttpForms.Default.HttpAnswered, "http-answer");

    // Told anew on each way, and of no use in a record.
    private static readonly HashSet<string> NotRecorded =
        new(StringComparer.OrdinalIgnoreCase) { "traceparent", "tracestate", "Request-Id" };
    private readonly Redaction redaction;

    /// <summary>Makes a handler; what sends is <see cref="DelegatingHandler.InnerHandler"/>.</summary>
    /// <param name="redact">What is not written: names of headers (<c>Authorization</c>), members of the query (<c>?token</c>), also in
    /// addresses that headers hold, paths in JSON bodies (<c>$.card.number</c>, <c>$.items[*].secret</c>).</param>
    /// <exception cref="ArgumentException">An item is none of these.</exception>
    public OperationHttpHandler(params string[] redact)
    {
        ArgumentNullException.ThrowIfNull(redact);
        redaction = new Redaction(redact);
    }

    /// <summary>The operation of requests that name none.</summary>
    internal OperationContext? Operation { get; init; }

    /// <summary>Sends a request, or answers it from the record.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Cancels sending.</param>
    /// <returns>The answer, whole.</returns>
    /// <exception cref="HttpRequestException">It failed, live as in replay.</exception>
    /// <exception cref="TaskCanceledException">It took too long, live as in replay; or it was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The request belongs to no operation.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var fx = request.Options.TryGetValue(OperationContext.HttpOption, out var given) ? given : Operation;
        if (fx is null)
        {
            throw new InvalidOperationException(
                $"The request {request.Method} {request.RequestUri?.GetLeftPart(UriPartial.Path)} belongs to no operation, so it would not "
                + "be recorded. Set it: request.Options.Set(OperationContext.HttpOption, fx).");
        }

        var body = request.Content is null ? null : await request.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        List<HttpHeader> headers = [.. Ordered(Told(request.Headers)), .. Ordered(Told(request.Content?.Headers))];
        var asked = redaction.Of(new HttpAsked(request.Method.Method, TextOf(request.RequestUri!), headers, body), fx.Hidden);
        var form = Requests.Encode(asked);
        var call = new CallRequest(
            form, recorded => recorded == form || IsSame(recorded, asked, fx.Hidden), Requests.MarkOf, MarkOf, BodyOf);
        var answer = await fx.AskAsync(
            "http", call, token => ExchangeAsync(fx, request, token), cancellationToken).ConfigureAwait(false);
        if (answer.Answer is { } encoded) return Response(request, Answered(encoded));
        throw answer.Failure!.ToException("http");
    }

    private async Task<CallAnswer> ExchangeAsync(
        OperationContext fx, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpAnswered answered;
        RecordedFailure? failure = null;
        try
        {
            using var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            var content = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            answered = new HttpAnswered(
                (int)response.StatusCode,
                response.ReasonPhrase,
                response.Version.ToString(),
                [.. Told(response.Headers)],
                [.. Told(response.Content.Headers)],
                content,
                null);
            if (answered.Status is >= 500 or 408 or 429)
                failure = new RecordedFailure("status", answered.Status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        catch (HttpRequestException exception)
        {
            failure = FailureOf(exception, fx.Hidden);
            answered = HttpAnswered.Failed(new HttpFailed(exception.HttpRequestError.ToString(), exception.Message));
        }
        // The client's time-out cancels this token too; only the operation's own says that nobody wants the answer.
        catch (OperationCanceledException exception) when (!fx.CancellationToken.IsCancellationRequested)
        {
            failure = RecordedFailure.Of(exception);
            answered = HttpAnswered.Failed(new HttpFailed(HttpFailed.TimedOut, exception.Message));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return new CallAnswer(null, FailureOf(exception, fx.Hidden));
        }

        var real = Answers.Encode(answered);
        var recorded = Answers.Encode(redaction.Of(answered, fx.Hidden));
        return new CallAnswer(real, failure, recorded == real ? null : recorded with { Payload = RedactedPaths.Wrap(recorded.Payload) });
    }

    private static byte[]? BodyOf(Encoded recorded)
    {
        try
        {
            return Requests.Decode(recorded).Body;
        }
        catch (CodecException)
        {
            return null;
        }
    }

    private static HttpAnswered Answered(Encoded encoded) =>
        Answers.Decode(encoded with { Payload = RedactedPaths.Unwrap(encoded.Payload) });

    // What is not marked was recorded as it was, perhaps before today's list: the function got it so.
    private RedactionMark MarkOf(Encoded recorded)
    {
        if (!recorded.IsRedacted) return RedactionMark.Absent;
        return redaction.IsIn(Answered(recorded)) ? RedactionMark.Right : RedactionMark.Wrong;
    }

    // What a branch has met is hidden from then on in the others: then, or now, one of them may have been ahead. And the list may be longer
    // now: what was recorded is compared as it would be written today, so that nothing that was answered is sent again.
    private bool IsSame(Encoded recorded, HttpAsked asked, HiddenValues hidden)
    {
        try
        {
            return redaction.IsSame(redaction.Of(Requests.Decode(recorded), hidden), asked, hidden);
        }
        catch (CodecException)
        {
            return false;
        }
    }

    private RecordedFailure FailureOf(Exception exception, HiddenValues hidden)
    {
        var failure = RecordedFailure.Of(exception);
        return failure with { Message = redaction.Of(failure.Message, hidden) };
    }

    private static string TextOf(Uri uri) =>
        uri.IsAbsoluteUri ? uri.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped) : uri.OriginalString;

    private static IEnumerable<HttpHeader> Told(System.Net.Http.Headers.HttpHeaders? headers) => headers is null
        ? []
        : headers.NonValidated
            .Where(header => !NotRecorded.Contains(header.Key))
            .Select(header => new HttpHeader(header.Key, [.. header.Value]));

    private static IEnumerable<HttpHeader> Ordered(IEnumerable<HttpHeader> headers) =>
        headers.OrderBy(header => header.Name, StringComparer.OrdinalIgnoreCase);

    private static HttpResponseMessage Response(HttpRequestMessage request, HttpAnswered answered)
    {
        if (answered.Failure is { } failed)
        {
            throw failed.Error == HttpFailed.TimedOut
                ? new TaskCanceledException(failed.Message, new TimeoutException(failed.Message))
                : new HttpRequestException(
                    Enum.TryParse<HttpRequestError>(failed.Error, out var error) ? error : HttpRequestError.Unknown, failed.Message);
        }

        var content = new RecordedContent(answered.Body);
        foreach (var header in answered.ContentHeaders)
        {
            // Of a body in which something is redacted: that of the recorded one, where somebody asks.
            if (header is { Name: "Content-Length", Values: [var length] } && length == Redaction.Mark) continue;
            content.Headers.TryAddWithoutValidation(header.Name, header.Values);
        }

        var response = new HttpResponseMessage((HttpStatusCode)answered.Status)
        {
            ReasonPhrase = answered.Reason,
            Version = Version.Parse(answered.Version),
            RequestMessage = request,
            Content = content,
        };
        foreach (var header in answered.Headers) response.Headers.TryAddWithoutValidation(header.Name, header.Values);
        return response;
    }
}

/// <summary>A header with its values.</summary>
internal sealed record HttpHeader(string Name, List<string> Values);

/// <summary>A request as it is recorded.</summary>
internal sealed record HttpAsked(string Method, string Uri, List<HttpHeader> Headers, byte[]? Body);

/// <summary>Why there is no answer.</summary>
internal sealed record HttpFailed(string Error, string Message)
{
    public const string TimedOut = "TimedOut";
}

/// <summary>An answer as it is recorded.</summary>
internal sealed record HttpAnswered(
    int Status,
    string? Reason,
    string Version,
    List<HttpHeader> Headers,
    List<HttpHeader> ContentHeaders,
    byte[] Body,
    HttpFailed? Failure)
{
    public static HttpAnswered Failed(HttpFailed failure) => new(0, null, "0.0", [], [], [], failure);
}

/// <summary>The forms of both.</summary>
[JsonSerializable(typeof(HttpAsked))]
[JsonSerializable(typeof(HttpAnswered))]
internal sealed partial class HttpForms : JsonSerializerContext;
