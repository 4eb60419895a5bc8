// An operation: what drives a program, with a recorded input and output, and inside it everything outside is recorded.
// Made by applications; run by Run.RunAsync and replayed by ReplayAsync.
using System.Text.Json.Serialization.Metadata;
using Refold.Interop;

namespace Refold;

/// <summary>An operation of any types, as replay takes several of them.</summary>
public abstract class Operation
{
    private protected Operation(string name) => Name = CodecFunctions.TypeName(name);

    /// <summary>The name. Replay and resuming find the operation by it.</summary>
    public string Name { get; }

    /// <summary>Makes an operation over JSON; all type arguments are inferred.</summary>
    /// <typeparam name="TInput">The input.</typeparam>
    /// <typeparam name="TOutput">The output.</typeparam>
    /// <param name="name">1 to 256 UTF-8 bytes. Replay finds the operation by its name, so the name must not change.</param>
    /// <param name="input">The input's metadata, such as <c>Json.Default.PlaceRequest</c>.</param>
    /// <param name="output">The output's metadata.</param>
    /// <param name="run">The function. It reaches everything outside through its <see cref="OperationContext"/>, and in no other
    /// way.</param>
    /// <returns>The operation. Keep one value of it, such as a static member.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule, or values of a type cannot be brought back exactly.</exception>
    /// <example><code>
    /// var place = Operation.Create("place", Json.Default.PlaceRequest, Json.Default.Placed, async (fx, request) =>
    /// {
    ///     var quote = await fx.CallAsync("quote", request, Json.Default.PlaceRequest, pricing.QuoteAsync, Json.Default.Quote);
    ///     await fx.ExecuteAsync(Order.Aggregate, "order/" + request.Id, new Place(request.Sku, quote.Price));
    ///     return new Placed(request.Id, quote.Price);
    /// });
    /// </code></example>
    public static Operation<TInput, TOutput> Create<TInput, TOutput>(
        string name,
        JsonTypeInfo<TInput> input,
        JsonTypeInfo<TOutput> output,
        Func<OperationContext, TInput, Task<TOutput>> run) =>
        Create(name, Codec.Json(input, CodecFunctions.TypeName(name)), Codec.Json(output, name), run);

    /// <summary>Makes an operation over codecs; all type arguments are inferred. <see cref="Codec{T}.WithRedaction"/> keeps parts of input
    /// and output out of the journal.</summary>
    /// <typeparam name="TInput">The input.</typeparam>
    /// <typeparam name="TOutput">The output.</typeparam>
    /// <param name="name">1 to 256 UTF-8 bytes. Replay finds the operation by its name, so the name must not change.</param>
    /// <param name="input">The form of the input.</param>
    /// <param name="output">The form of the output.</param>
    /// <param name="run">The function. It reaches everything outside through its <see cref="OperationContext"/>, and in no other
    /// way.</param>
    /// <returns>The operation. Keep one value of it, such as a static member.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule.</exception>
    public static Operation<TInput, TOutput> Create<TInput, TOutput>(
        string name, Codec<TInput> input, Codec<TOutput> output, Func<OperationContext, TInput, Task<TOutput>> run) =>
        new(name, input, output, run);

    /// <summary>Whether a recorded input is the one that is given, perhaps in an older form.</summary>
    internal abstract bool IsSameInput(Encoded recorded, Encoded given);

    /// <summary>What the mark of redaction on a recorded input is worth, or its absence.</summary>
    internal abstract RedactionMark MarkOfInput(Encoded recorded);

    /// <summary>The same of a recorded output.</summary>
    internal abstract RedactionMark MarkOfOutput(Encoded recorded);

    /// <summary>Whether a recorded output is the one that was made, perhaps in an older form.</summary>
    internal abstract bool IsSameOutput(Encoded recorded, Encoded made);

    /// <summary>Runs an attempt again over what is recorded of it; answers how it ended.</summary>
    internal abstract Task<AttemptOutcome> ReplayAsync(IAttempt attempt, Encoded input);

    /// <summary>Runs it for an input that an earlier attempt was begun with.</summary>
    internal abstract Task ResumeAsync(Run run, string key, Encoded input, CancellationToken cancellationToken);
}

/// <summary>How a function ended.</summary>
/// <param name="Output">What it answered; null where it failed.</param>
/// <param name="Error">What it threw; null where it answered.</param>
internal readonly record struct AttemptOutcome(Encoded? Output, Exception? Error);

/// <summary>An operation. Immutable; made by <see cref="Operation"/>'s <c>Create</c>.</summary>
/// <typeparam name="TInput">The input.</typeparam>
/// <typeparam name="TOutput">The output.</typeparam>
public sealed class Operation<TInput, TOutput> : Operation
{
    internal Operation(string name, Codec<TInput> input, Codec<TOutput> output, Func<OperationContext, TInput, Task<TOutput>> run)
        : base(name)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(run);
        (Input, Output, Function) = (input, output, run);
    }

    /// <summary>The form of the input.</summary>
    public Codec<TInput> Input { get; }

    /// <summary>The form of the output.</summary>
    public Codec<TOutput> Output { get; }

    internal Func<OperationContext, TInput, Task<TOutput>> Function { get; }

    internal override bool IsSameInput(Encoded recorded, Encoded given) => Repetition.IsSame(Input, recorded, given);

    internal override RedactionMark MarkOfInput(Encoded recorded) => Input.MarkOf(recorded);

    internal override RedactionMark MarkOfOutput(Encoded recorded) => Output.MarkOf(recorded);

    internal override bool IsSameOutput(Encoded recorded, Encoded made) => Repetition.IsSame(Output, recorded, made);

    internal override async Task<AttemptOutcome> ReplayAsync(IAttempt attempt, Encoded input)
    {
        try
        {
            var (output, _) = await InvokeAsync(attempt, Input.Decode(input)).ConfigureAwait(false);
            return new AttemptOutcome(output, null);
        }
        catch (Exception exception)
        {
            return new AttemptOutcome(null, exception);
        }
    }

    internal override Task ResumeAsync(Run run, string key, Encoded input, CancellationToken cancellationToken) =>
        OperationExtensions.ResumeAsync(run, this, key, input, cancellationToken);

    /// <summary>Calls the function; the output is what its codec reads back, live as in replay, with what is redacted.</summary>
    internal async Task<(Encoded Output, TOutput Value)> InvokeAsync(IAttempt attempt, TInput input)
    {
        var context = new OperationContext(attempt);
        try
        {
            var made = await Function(context, input).ConfigureAwait(false);
            var output = Output.Encode(made, attempt.Hidden);
            if (output.Payload.Length > OperationEntry.MostValueBytes)
                throw new FormatException(OperationEntry.TooLong($"The output of the operation '{Name}'", output));
            return (output, Output.ReadBack(made, output));
        }
        finally
        {
            await context.EndAsync().ConfigureAwait(false);
        }
    }
}

/// <summary>Options of one call of an operation.</summary>
public sealed record OperationOptions
{
    /// <summary>Takes over an attempt that was begun elsewhere and has not ended. If that attempt still runs, it gets
    /// <see cref="OperationTakenOverException"/> at its next append.</summary>
    /// <value>Default: false: <see cref="OperationInProgressException"/>, unless the attempt is known to have stopped.</value>
    public bool TakeOver { get; init; }
}
