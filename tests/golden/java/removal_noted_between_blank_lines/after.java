public class Cart {
    private long sum;

    public void add(long price) {
        sum += price;
    }

    public long total() {
        return Math.max(0, sum);
    }
}
