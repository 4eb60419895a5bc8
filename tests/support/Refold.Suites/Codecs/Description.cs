// A value written out in full: types, fields, items, comparers, kinds, scales. Two values are the same if their descriptions are.
// Used by the tests of JSON codecs, which must not ask the codec whether it lost something.
using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Text;

namespace Refold.Suites;

internal static class Description
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly string[] ComparerNames = ["Comparer", "KeyComparer", "ValueComparer"];

    /// <summary>The description of a value at a place that is declared with a type.</summary>
    public static string Of(Type declared, object? value)
    {
        var text = new StringBuilder();
        Write(text, declared, value, 0);
        return text.ToString();
    }

    private static void Write(StringBuilder text, Type declared, object? value, int depth)
    {
        if (depth > 600) throw new InvalidOperationException("The value has no end.");
        if (value is null)
        {
            text.Append("null");
            return;
        }

        var type = value.GetType();
        if (Single(value) is { } single) text.Append(type.Name).Append(' ').Append(single);
        // A collection over no array, such as a default ImmutableArray: it is no empty one, and cannot be asked for its items.
        else if (value is IEnumerable and ValueType && value.Equals(Activator.CreateInstance(type))) text.Append(type).Append(" default");
        else if (value is IEnumerable items) WriteItems(text, declared, items, type, depth);
        else
        {
            text.Append(type);
            WriteFields(text, type, value, depth);
        }
    }

    // What an interface declares may be any collection of its kind.
    private static void WriteItems(StringBuilder text, Type declared, IEnumerable items, Type type, int depth)
    {
        var interfaces = type.GetInterfaces().Where(candidate => candidate.IsGenericType).ToList();
        var isKeyed = interfaces.Any(candidate => candidate.GetGenericTypeDefinition() is var open
            && (open == typeof(IReadOnlySet<>) || open == typeof(IReadOnlyDictionary<,>)));
        var item = interfaces.First(candidate => candidate.GetGenericTypeDefinition() == typeof(IEnumerable<>)).GetGenericArguments()[0];
        if (!declared.IsInterface) text.Append(type);
        else text.Append(isKeyed ? "by key" : "in order");
        var written = new List<string>();
        foreach (var one in items)
        {
            var part = new StringBuilder();
            Write(part, item, one, depth + 1);
            written.Add(part.ToString());
        }

        var isSorted = (type.Name + type.BaseType?.Name).Contains("Sorted", StringComparison.Ordinal);
        if (isKeyed && !isSorted) written.Sort(StringComparer.Ordinal);
        text.Append('[').AppendJoin(", ", written).Append(']');
        foreach (var name in ComparerNames)
            if (type.GetProperty(name) is { } comparer && Comparer(comparer, items) is { } other) text.Append(' ').Append(other);
        if (type.Assembly == typeof(object).Assembly || type.Namespace?.StartsWith("System", StringComparison.Ordinal) == true
            || declared.IsInterface) return;
        WriteFields(text, type, items, depth);
    }

    private static string? Comparer(PropertyInfo property, object collection)
    {
        var comparer = property.GetValue(collection);
        var argument = property.PropertyType.GetGenericArguments()[0];
        var isEquality = property.PropertyType.GetGenericTypeDefinition() == typeof(IEqualityComparer<>);
        var open = isEquality ? typeof(EqualityComparer<>) : typeof(Comparer<>);
        var standard = open.MakeGenericType(argument).GetProperty("Default")!.GetValue(null);
        // Ordinal equality of strings is the default under another name.
        return Equals(comparer, standard) || (isEquality && ReferenceEquals(comparer, StringComparer.Ordinal))
            ? null
            : "by " + comparer!.GetType() + " " + comparer.GetHashCode().ToString(CultureInfo.InvariantCulture);
    }

    private static void WriteFields(StringBuilder text, Type type, object value, int depth)
    {
        text.Append('{');
        for (var owner = type; owner is not null && owner != typeof(object) && owner != typeof(ValueType); owner = owner.BaseType)
        {
            if (value is IEnumerable && owner.Namespace?.StartsWith("System", StringComparison.Ordinal) == true) break;
            foreach (var field in owner.GetFields(Fields).OrderBy(field => field.Name, StringComparer.Ordinal))
            {
                text.Append(field.Name).Append('=');
                Write(text, field.FieldType, field.GetValue(value), depth + 1);
                text.Append(';');
            }
        }

        text.Append('}');
    }

    private static string? Single(object value)
    {
        var culture = CultureInfo.InvariantCulture;
        return value switch
        {
            string text => text.Length.ToString(culture) + ":" + string.Concat(text.Select(unit => ((int)unit).ToString("x4", culture))),
            char unit => ((int)unit).ToString("x4", culture),
            double number => double.IsNaN(number) ? "NaN" : BitConverter.DoubleToInt64Bits(number).ToString("x", culture),
            float number => float.IsNaN(number) ? "NaN" : BitConverter.SingleToInt32Bits(number).ToString("x", culture),
            Half number => Half.IsNaN(number) ? "NaN" : BitConverter.HalfToInt16Bits(number).ToString("x", culture),
            // Only its bits show the sign of a zero.
            decimal number => string.Join(',', decimal.GetBits(number == 0 ? decimal.Abs(number) : number)),
            DateTime time => time.Ticks.ToString(culture) + time.Kind,
            DateTimeOffset time => time.Ticks.ToString(culture) + time.Offset.Ticks.ToString(culture),
            TimeSpan span => span.Ticks.ToString(culture),
            DateOnly day => day.DayNumber.ToString(culture),
            TimeOnly hour => hour.Ticks.ToString(culture),
            byte[] bytes => Convert.ToHexString(bytes),
            Memory<byte> bytes => Convert.ToHexString(bytes.Span),
            ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
            Uri address => address.OriginalString + address.IsAbsoluteUri,
            Enum member => Convert.ToDecimal(member, culture).ToString(culture),
            Guid or Version => value.ToString(),
            BigInteger or Int128 or UInt128 or nint or nuint => ((IFormattable)value).ToString(null, culture),
            bool or byte or sbyte or short or ushort or int or uint or long or ulong => ((IConvertible)value).ToString(culture),
            Delegate function => function.Method + "/" + function.GetHashCode().ToString(culture),
            _ => null,
        };
    }
}
