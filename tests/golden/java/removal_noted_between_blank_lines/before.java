public class Cart {
    private long sum;

    public void add(long price) {
        sum += price;
    }

    public void apply(String coupon) {
        this.coupon = coupon;
    }

    public long total() {
        return sum;
    }
}
